// Standing in line without JavaScript. The sale page is the same for everybody, so where a visitor stands is on a page of
// its own, which reloads itself. The ticket is in a cookie.
import { type Context, Hono } from "hono";
import { registrationOf } from "../admission/settings.ts";
import { pollAfter } from "../admission/standing.ts";
import { findSale } from "../catalog/archive.ts";
import type { CatalogEntry } from "../catalog/schema.ts";
import { shownTicket } from "../funnel/admission.ts";
import { identify } from "../funnel/identity.ts";
import { joinLine, placeInLine, refuseByTime } from "../funnel/tickets.ts";
import { refuse } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { type LineState, standingOf } from "./copy/line.ts";
import { errorPage } from "./error-pages.ts";
import { personalPage } from "./page.ts";
import { signInOptions } from "./views/components.tsx";
import { renderLine } from "./views/line-page.tsx";

const PATH = "/sales/:saleId/line";

type LineContext = Context<AppEnv, typeof PATH>;

export const lineRoutes = new Hono<AppEnv>().get(PATH, show).post(PATH, submit);

async function show(c: LineContext): Promise<Response> {
  const entry = await findSale(c.get("scope"), c.req.param("saleId"));
  const refusal = entry ? refuseByTime(entry) : refuse("not_found");
  // Before registration, the page says when it opens.
  if (!entry || (refusal && refusal.reason !== "sale_not_open")) {
    return errorPage(c, refusal ?? refuse("not_found"));
  }
  const identity = await identify(c, c.get("config"));
  const state = await stateOf(c, entry, identity.ok ? identity.userId : undefined);
  c.header("Cache-Control", "private, no-store");
  const html = await renderLine(personalPage(c), {
    sale: entry.sale,
    state,
    signedIn: identity.ok,
    signInOptions: signInOptions(c.get("config")),
    origin: new URL(c.req.url).origin,
    refresh: refreshAfter(state),
  });
  return c.html(html);
}

async function stateOf(
  c: LineContext,
  entry: CatalogEntry,
  userId: string | undefined,
): Promise<LineState> {
  const person = { saleId: entry.sale.id, userId: userId ?? "" };
  const ticket = userId === undefined ? undefined : shownTicket(c, person, undefined);
  const { line, place, units } = await placeInLine(c, entry, person, ticket?.at);
  const registration = registrationOf(entry.sale) as LineState["registration"];
  const joined = ticket !== undefined;
  return { line, place, units, registration, joined, now: Date.now() };
}

/** In how many seconds the page of somebody who waits reloads itself. */
function refreshAfter(state: LineState): number | undefined {
  const standing = standingOf(state);
  if (!state.line || (standing !== "undrawn" && standing !== "waiting")) return undefined;
  // Rounded up, a second would be two, and the end would come too late.
  return Math.floor(pollAfter(state.line, state.place, state.now, Math.random()));
}

async function submit(c: LineContext): Promise<Response> {
  const entry = await findSale(c.get("scope"), c.req.param("saleId"));
  if (!entry) return errorPage(c, refuse("not_found"));
  // The form has no fields.
  const joined = await joinLine(c, entry, async () => ({ ok: true, value: {} }));
  if (!joined.ok && joined.refusal.reason !== "unauthenticated") {
    return errorPage(c, joined.refusal);
  }
  c.header("Cache-Control", "private, no-store");
  return c.redirect(`/sales/${entry.sale.id}/line`, 303);
}

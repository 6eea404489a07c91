// Joining a sale's line: the ticket. Nothing is stored, so it costs no Redis command and no object call of its own.
import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import * as z from "zod";
import { placeOf } from "../admission/place.ts";
import type { Registrant } from "../admission/place-formula.ts";
import type { PublicLine } from "../admission/public-line.ts";
import { registrationOf } from "../admission/settings.ts";
import { etaSeconds, isAdmitted, peopleAhead } from "../admission/standing.ts";
import { signTicket } from "../admission/ticket.ts";
import { findSale } from "../catalog/archive.ts";
import { readReading } from "../catalog/live-reading.ts";
import type { LiveReading } from "../catalog/live-texts.ts";
import type { CatalogEntry } from "../catalog/schema.ts";
import { CURRENT_MS } from "../catalog/snapshot.ts";
import { problem, type Refusal, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { type HeldTicket, shownTicket, ticketCookie } from "./admission.ts";
import { countArrival } from "./arrivals.ts";
import { orderBodySchema } from "./attempt.ts";
import { type Challenged, demandChallenge, hasSolved, verifySolution } from "./challenge.ts";
import { denied } from "./denied.ts";
import { shieldRoute } from "./flood-shield.ts";
import { identify } from "./identity.ts";
import { cookieOptions } from "./login.ts";
import { refuseOutsider } from "./rehearsal.ts";

const MAX_BYTES = 4_096;
/** Browsers keep no cookie for longer. */
const MAX_COOKIE_SECONDS = 400 * 86_400;

export const ticketBodySchema = z.strictObject({
  ticket: orderBodySchema.shape.ticket,
  /** False: the caller only asks where they stand, and gets no ticket if they show none. */
  join: z.boolean().optional(),
});

const NO_LINE = refuse("not_found", { detail: "This sale has no line" });
const NOT_JOINED = refuse("ticket_required", { detail: "This account has not joined the line" });

export const ticketRoutes = new Hono<AppEnv>().post("/sales/:saleId/tickets", async (c) => {
  const entry = await findSale(c.get("scope"), c.req.param("saleId"), CURRENT_MS);
  if (!entry) return problem(c, refuse("not_found"));
  const joined = await joinLine(c, entry, () => readBody(c));
  if (!joined.ok) return problem(c, joined.refusal);
  return c.json(await standing(c, entry, joined.person, joined.ticket));
});

type Joined =
  | { ok: true; person: Registrant; ticket: HeldTicket }
  | { ok: false; refusal: Refusal };

/** Gives the caller a ticket for the line of a sale, unless they show one, and keeps it in a cookie. */
export async function joinLine(
  c: AppContext,
  entry: CatalogEntry,
  read: () => ReturnType<typeof readBody>,
): Promise<Joined> {
  const refusal = refuseByTime(entry) ?? (await shieldRoute(c, "ticket"));
  if (refusal) return { ok: false, refusal };
  const body = await read();
  if (!body.ok) return body;
  const identity = await identify(c, c.get("config"));
  if (!identity.ok) return identity;
  const attempt: Challenged = {
    ...{ c, route: "order", skuId: "", now: Date.now() },
    ...{ entry, userId: identity.userId },
    ...(identity.rehearsed && { rehearsed: identity.rehearsed }),
  };
  const outsider = refuseOutsider(attempt);
  if (outsider) return { ok: false, refusal: outsider };
  const person = { saleId: entry.sale.id, userId: identity.userId };
  const shown = shownTicket(c, person, body.value.ticket);
  if (!shown && body.value.join === false) return { ok: false, refusal: NOT_JOINED };
  const issued = shown ? ({ ok: true, ticket: shown } as const) : await issue(attempt, person);
  if (issued.ok) keepTicket(c, entry, person, issued.ticket);
  return issued.ok ? { ...issued, person } : issued;
}

/** The body is optional, so that a request without one is a request for a first ticket. */
const readBody = async (c: AppContext): ReturnType<typeof readJson<typeof ticketBodySchema>> =>
  c.req.raw.body === null || c.req.header("content-length") === "0"
    ? { ok: true, value: {} }
    : readJson(c, ticketBodySchema, MAX_BYTES);

export function refuseByTime({ sale }: CatalogEntry): Refusal | undefined {
  const registration = registrationOf(sale);
  if (!registration) return NO_LINE;
  const now = Date.now();
  if (now >= Date.parse(sale.closesAt)) return refuse("sale_closed", { closesAt: sale.closesAt });
  if (now >= registration.opensAt) return undefined;
  return refuse("sale_not_open", {
    detail: "Nobody can join the line yet",
    opensAt: new Date(registration.opensAt).toISOString(),
    retryAfterSeconds: Math.ceil((registration.opensAt - now) / 1_000),
  });
}

/** Issues a first ticket, after a challenge where the sale demands one. */
async function issue(
  attempt: Challenged,
  person: Registrant,
): Promise<{ ok: true; ticket: HeldTicket } | { ok: false; refusal: Refusal }> {
  const { c } = attempt;
  const refusal =
    (await denied.check(attempt)) ??
    (await demandChallenge(attempt)) ??
    (await verifySolution(attempt));
  if (refusal) return { ok: false, refusal };
  const ticket = { at: Date.now(), challenged: hasSolved(attempt) };
  countArrival(c.get("scope"), person, ticket.at);
  const token = signTicket(c.get("config").SIGNING_SECRET, person, ticket);
  return { ok: true, ticket: { ...ticket, token } };
}

/** Keeps the ticket in a cookie, so that it also travels with requests of pages without JavaScript. */
function keepTicket(
  c: AppContext,
  { sale }: CatalogEntry,
  person: Registrant,
  { token }: HeldTicket,
): void {
  const left = Math.ceil((Date.parse(sale.closesAt) - Date.now()) / 1_000);
  const maxAge = Math.max(1, Math.min(left, MAX_COOKIE_SECONDS));
  setCookie(c, ticketCookie(person), token, { ...cookieOptions(c.req.url), maxAge });
}

/** Free and held units of all SKUs. */
export interface UnitsLeft {
  free: number;
  held: number;
}

/** The line, a person's place in it, and the stock. `place` is null, and the others are undefined, while they are not known. */
export async function placeInLine(
  c: AppContext,
  entry: CatalogEntry,
  person: Registrant,
  at: number | undefined,
): Promise<{ line?: PublicLine | undefined; place: number | null; units: UnitsLeft | undefined }> {
  const reading = await readReading(c.get("scope"), entry).catch(() => undefined);
  const { line, known } = reading?.value.published ?? {};
  const { SIGNING_SECRET } = c.get("config");
  const { closesAt } = registrationOf(entry.sale) as { closesAt: number };
  const close = known ?? { closesAt, draw: null };
  const place = at === undefined ? null : placeOf(SIGNING_SECRET, person, at, close);
  return { line, place, units: unitsLeft(entry, reading?.value) };
}

/** Where the person stands. Fields about the line are null while it is not known. */
async function standing(
  c: AppContext,
  entry: CatalogEntry,
  person: Registrant,
  { token, at }: HeldTicket,
) {
  const { line, place, units } = await placeInLine(c, entry, person, at);
  const known = line && place !== null;
  const admitted = known && isAdmitted(line, place);
  return {
    ticket: token,
    // With it, anyone can check their place in a draw.
    userId: person.userId,
    place,
    registered: line?.registered ?? null,
    state: line?.over ? "over" : admitted ? "admitted" : "waiting",
    ahead: known ? peopleAhead(line, place) : null,
    etaSeconds: known ? etaSeconds(line, place, units && units.free + units.held) : null,
  };
}

/** Undefined if the stock of a SKU is not known. */
function unitsLeft(
  { sale }: CatalogEntry,
  reading: LiveReading | undefined,
): UnitsLeft | undefined {
  if (reading?.stock.size !== sale.skus.length) return undefined;
  const units = { free: 0, held: 0 };
  for (const { available, held } of reading.stock.values()) {
    units.free += available;
    units.held += held;
  }
  return units;
}

// A refusal as a page, with the status of the API. The codes and statuses come from errors.ts.
import { parseAccept } from "hono/utils/accept";
import { ERRORS, type ErrorCode, headersOf, problem, type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { type Format, refusalText } from "./copy/refusal.ts";
import { formatMoney, formatTime } from "./format.ts";
import { renderFault } from "./views/orders.tsx";

/** Trying the same again, later or at the new price, can succeed. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "rate_limited",
  "overloaded",
  "unavailable",
  "sale_not_open",
  "price_changed",
]);

export const isPassing = ({ reason, held }: Refusal): boolean =>
  PASSING.has(reason) || (held ?? 0) > 0;

export interface Words {
  title: string;
  text: string;
}

/** Titles that say more to a buyer than the API's. */
const TITLES: Partial<Record<ErrorCode, string>> = {
  user_limit_reached: "Limit reached",
  blocked: "Ordering unavailable",
  challenge_required: "Verification required",
  payment_method_required: "Choose how to pay",
  sale_not_open: "Not open yet",
  sale_closed: "Sale ended",
  not_found: "Page not found",
};
const TEXTS: Partial<Record<ErrorCode, string>> = {
  challenge_required:
    "This sale checks that buyers are human, and the check needs JavaScript. Nothing was " +
    "ordered. Turn on JavaScript, then buy on the sale page.",
  not_found: "The address may be mistyped, or the sale was removed.",
};

const FORMAT: Format = {
  time: formatTime,
  price: (amount, currency) => formatMoney({ amount, currency }),
};

export function explain({ reason, ...fields }: Refusal): Words {
  const title = TITLES[reason] ?? ERRORS[reason].title;
  return {
    title: fields.available ? "Not enough left" : fields.held ? "All reserved" : title,
    text: TEXTS[reason] ?? refusalText({ code: reason, title, ...fields }, FORMAT),
  };
}

/** Status and headers of a refusal, for an answer in HTML. Such a page is about one caller. */
export function refusalHeaders(c: AppContext, refusal: Refusal) {
  const { reason, retryAfterSeconds } = refusal;
  const { status } = ERRORS[reason];
  for (const [name, value] of Object.entries(headersOf(refusal))) c.header(name, value);
  c.header("Cache-Control", "private, no-store");
  if (status === 429 || status === 503) c.header("Retry-After", String(retryAfterSeconds ?? 1));
  return status;
}

/** A page that says what went wrong; a problem for callers that take no HTML. */
export async function faultPage(c: AppContext, refusal: Refusal): Promise<Response> {
  if (quality(c, "text/html") === 0) return problem(c, refusal);
  const status = refusalHeaders(c, refusal);
  const { title, text } = explain(refusal);
  return c.html(await renderFault(title, text), status);
}

const JSON_TYPES = ["application/problem+json", "application/json"];

/** How much the caller wants a media type, from 0 to 1: the most specific range of `Accept` decides. */
function quality(c: AppContext, type: string): number {
  const ranges = parseAccept(c.req.header("accept") || "*/*");
  const family = type.replace(/[^/]+$/, "*");
  const find = (name: string) => ranges.find((range) => range.type.toLowerCase() === name);
  return (find(type) ?? find(family) ?? find("*/*"))?.q ?? 0;
}

/** Whether somebody looks at the answer, and not a program: a tie goes to whoever names HTML. */
export function wantsPage(c: AppContext): boolean {
  if (c.req.path.startsWith("/api/")) return false;
  const page = quality(c, "text/html");
  const json = Math.max(...JSON_TYPES.map((type) => quality(c, type)));
  const named = /text\/html/i.test(c.req.header("accept") ?? "");
  return page > 0 && (page > json || (page === json && named));
}

/** A path that stays on this site, with slashes at its end that no page of ours has. */
const TOO_LONG = /^(\/[^/].*?)\/+$/;

/**
 * What a browser gets for a path that no route knows. The way to a shorter path is made of the address as it
 * was sent, percent-encoded: decoded, `/%09/evil.example/` would lead a browser to another site.
 */
export async function notFoundPage(c: AppContext): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const path = TOO_LONG.exec(pathname)?.[1];
  if (path && ["GET", "HEAD"].includes(c.req.method)) return c.redirect(path + search, 301);
  return faultPage(c, refuse("not_found"));
}

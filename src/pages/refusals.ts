// A refusal as a page, with the status of the API. The codes and statuses come from errors.ts.
import { ERRORS, type ErrorCode, type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { refusalText } from "./browser/words/refusal.ts";
import { formatTime } from "./format.ts";
import { renderFault } from "./views/orders.tsx";

/** Trying the same again later can succeed. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "rate_limited",
  "overloaded",
  "unavailable",
  "sale_not_open",
]);

export const isPassing = ({ reason, held }: Refusal): boolean =>
  PASSING.has(reason) || (held ?? 0) > 0;

export interface Words {
  title: string;
  text: string;
}

/** Titles that say more to a buyer than the API's. */
const TITLES: Partial<Record<ErrorCode, string>> = {
  user_limit_reached: "You already have it",
  blocked: "We cannot take this order",
  challenge_required: "One check is missing",
  not_found: "There is nothing here",
};
const TEXTS: Partial<Record<ErrorCode, string>> = {
  challenge_required:
    "This sale checks that buyers are people, and the check needs JavaScript. Nothing was " +
    "ordered. Turn JavaScript on and buy on the page of the sale.",
  not_found: "Perhaps the address has a typing error, or the sale was taken off.",
};

export function explain({ reason, ...fields }: Refusal): Words {
  const title = TITLES[reason] ?? ERRORS[reason].title;
  return {
    title: fields.available ? "Not enough left" : fields.held ? "None is free right now" : title,
    text: TEXTS[reason] ?? refusalText({ code: reason, title, ...fields }, formatTime),
  };
}

/** Status and headers of a refusal, for an answer in HTML. Such a page is about one caller. */
export function refusalHeaders(c: AppContext, { reason, retryAfterSeconds }: Refusal) {
  const { status } = ERRORS[reason];
  c.header("Cache-Control", "private, no-store");
  if (status === 429 || status === 503) c.header("Retry-After", String(retryAfterSeconds ?? 1));
  return status;
}

/** A page that says what went wrong. */
export async function faultPage(c: AppContext, refusal: Refusal): Promise<Response> {
  const status = refusalHeaders(c, refusal);
  const { title, text } = explain(refusal);
  return c.html(await renderFault(title, text), status);
}

/** A path that stays on this site, with slashes at its end that no page of ours has. */
const TOO_LONG = /^(\/[^/\\].*?)\/+$/;

/** Whether somebody looks at the answer, and not a program. */
export const wantsPage = (c: AppContext): boolean =>
  !c.req.path.startsWith("/api/") && (c.req.header("accept") ?? "").includes("text/html");

/** What a browser gets for a path that no route knows. */
export async function notFoundPage(c: AppContext): Promise<Response> {
  const path = TOO_LONG.exec(c.req.path)?.[1];
  if (path && ["GET", "HEAD"].includes(c.req.method)) {
    return c.redirect(path + new URL(c.req.url).search, 301);
  }
  return faultPage(c, refuse("not_found"));
}

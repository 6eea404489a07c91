// A refusal in a buyer's words, with the status of the API. The codes and statuses come from errors.ts.
import { ERRORS, type ErrorCode, type Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { formatTime } from "./format.ts";
import { renderFault } from "./views/orders.tsx";

/** Trying the same again later can succeed. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "rate_limited",
  "overloaded",
  "unavailable",
  "sale_not_open",
]);

export const isPassing = ({ reason }: Refusal): boolean => PASSING.has(reason);

export function explain({ reason, ...fields }: Refusal): { title: string; text: string } {
  const { title } = ERRORS[reason];
  const wait = fields.retryAfterSeconds ?? 1;
  switch (reason) {
    case "sold_out":
      return fields.available
        ? { title: "Not enough left", text: `Only ${fields.available} left. Choose fewer.` }
        : { title, text: "Somebody else was faster. Units that are not paid in time come back." };
    case "user_limit_reached":
      return {
        title: "You already have it",
        text: "Your orders have all that one person may buy.",
      };
    case "sale_not_open":
      return { title, text: `It opens ${fields.opensAt ? formatTime(fields.opensAt) : "soon"}.` };
    case "sale_closed":
      return { title, text: "No more orders are taken." };
    case "rate_limited":
      return { title, text: `Please wait ${wait} seconds, then try again.` };
    case "overloaded":
    case "unavailable":
      return { title, text: "Nothing was ordered yet. Please try again in a moment." };
    case "challenge_required":
      return {
        title: "One check is missing",
        text:
          "This sale checks that buyers are people, and the check needs JavaScript. Nothing was " +
          "ordered. Turn JavaScript on and buy on the page of the sale.",
      };
    case "blocked":
      return { title: "We cannot take this order", text: "Orders from here are not accepted." };
    default:
      return { title, text: fields.detail ?? title };
  }
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

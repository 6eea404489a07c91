// The copy for refusals, by the error codes of errors.ts. Shared by server and browser.
import type { ErrorCode, ProblemFields } from "../../errors.ts";

/** The fields of problem+json that the copy depends on. */
export interface Problem extends ProblemFields {
  code?: ErrorCode;
  title?: string;
}

/** Waits of at least this long are stated in minutes. */
const LONG_SECONDS = 100;

/** "1 second", "7 seconds", "12 minutes". */
export const formatWait = (seconds: number): string =>
  seconds < LONG_SECONDS
    ? `${seconds} second${seconds === 1 ? "" : "s"}`
    : `${Math.ceil(seconds / 60)} minutes`;

/** Reassures before a retry, which is safe: one attempt places one order. */
export const NO_DUPLICATE = "You won't place a duplicate order.";
export const SALE_ENDED = "This sale has ended.";
export const BLOCKED = "We can't accept your order.";

/** States the purchase limit; without the number if the refusal does not contain it. */
export const limitText = (limit?: number): string =>
  `You've reached the limit ${limit ? `of ${limit} ` : ""}per person.`;

/** Formats times and prices: in UTC on the server, in the visitor's locale in the browser. */
export interface Format {
  time(iso: string): string;
  price(amount: number, currency: string): string;
}

/** The message for a refused order or payment. */
export function refusalText(problem: Problem, format: Format): string {
  const {
    code,
    title,
    available,
    held,
    limit,
    opensAt,
    unitPrice,
    retryAfterSeconds = 1,
  } = problem;
  // A detail equal to the title is generic and adds nothing.
  const detail = problem.detail === title ? undefined : problem.detail;
  switch (code) {
    case "sold_out":
      if (available) return `Only ${available} left. Choose a smaller quantity.`;
      return held
        ? "All units are reserved, but some buyers haven't paid yet. Try again in a moment."
        : "Sold out. Someone else got the last one.";
    case "price_changed": {
      const price = unitPrice && format.price(unitPrice.amount, unitPrice.currency);
      const now = price ? `is now ${price}` : "has changed";
      return `The price ${now}. Nothing was ordered. Continue only if you accept it.`;
    }
    case "user_limit_reached":
      return limitText(limit);
    case "sale_not_open":
      return `This sale isn't open yet. It opens ${opensAt ? format.time(opensAt) : "soon"}.`;
    case "ticket_required":
      return "This sale has a line. Join it first, on the sale page.";
    case "not_admitted_yet":
      return `It isn't your turn yet. Your place is kept. Please try again in ${formatWait(retryAfterSeconds)}.`;
    case "sale_closed":
      return detail ?? SALE_ENDED;
    case "rate_limited":
      return `${detail ?? "Too many attempts."} Please wait ${formatWait(retryAfterSeconds)}, then try again.`;
    case "overloaded":
    case "unavailable":
      return detail ?? `We're having trouble right now. Please try again. ${NO_DUPLICATE}`;
    case "order_not_payable":
      return (
        detail ??
        "This payment can't start. Another one may be in progress, or too many were tried."
      );
    case "not_found":
      return "This is no longer available.";
    case "blocked":
      return BLOCKED;
    default:
      return detail ?? title ?? "That didn't work.";
  }
}

// A refusal in a buyer's words, for pages with and without JavaScript. The codes are those of errors.ts.
import type { ErrorCode, ProblemFields } from "../../errors.ts";

/** problem+json, as far as its words depend on it. */
export interface Problem extends ProblemFields {
  code?: ErrorCode;
  title?: string;
}

const LONG_SECONDS = 100;

/** "1 second", "7 seconds", "12 minutes". */
export const waitWords = (seconds: number): string =>
  seconds < LONG_SECONDS
    ? `${seconds} second${seconds === 1 ? "" : "s"}`
    : `${Math.ceil(seconds / 60)} minutes`;

/** Trying again is safe: one attempt makes one order. */
export const NO_DUPLICATE = "You won't place a duplicate order.";
export const SALE_ENDED = "This sale has ended.";
export const BLOCKED = "We can't accept your order.";

/** The buyer may not buy any more; `limit` is unknown if the refusal does not say. */
export const limitText = (limit?: number): string =>
  `You've reached the limit ${limit ? `of ${limit} ` : ""}per person.`;

/** Writes times and prices as the page does. */
export interface Format {
  time(iso: string): string;
  price(amount: number, currency: string): string;
}

export function refusalText(problem: Problem, format: Format): string {
  const { code, available, held, limit, opensAt, unitPrice, retryAfterSeconds = 1 } = problem;
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
    case "payment_method_required":
      return "Your earlier reservations expired unpaid. This time, choose how to pay before you order.";
    case "user_limit_reached":
      return limitText(limit);
    case "sale_not_open":
      return `This sale isn't open yet. It opens ${opensAt ? format.time(opensAt) : "soon"}.`;
    case "sale_closed":
      return SALE_ENDED;
    case "rate_limited": {
      // Without a reason of its own the detail says what the title does.
      const why = problem.detail === problem.title ? undefined : problem.detail;
      return `${why ?? "Too many attempts."} Please wait ${waitWords(retryAfterSeconds)}, then try again.`;
    }
    case "overloaded":
    case "unavailable":
      return `We're having trouble right now. Please try again. ${NO_DUPLICATE}`;
    case "not_found":
      return "This is no longer available.";
    case "blocked":
      return BLOCKED;
    default:
      return problem.detail ?? problem.title ?? "That didn't work.";
  }
}

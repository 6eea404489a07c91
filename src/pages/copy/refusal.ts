// A refusal in a buyer's words, for pages with and without JavaScript. The codes are those of errors.ts.
import type { ErrorCode, ProblemFields } from "../../errors.ts";

/** problem+json, as far as its words depend on it. */
export interface Problem extends ProblemFields {
  code?: ErrorCode;
  title?: string;
}

const LONG_SECONDS = 100;

/** "7 s", "12 min". */
export const waitWords = (seconds: number): string =>
  seconds < LONG_SECONDS ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;

/** Writes times and prices as the page does. */
export interface Format {
  time(iso: string): string;
  price(amount: number, currency: string): string;
}

export function refusalText(problem: Problem, format: Format): string {
  const { code, available, held, opensAt, unitPrice, retryAfterSeconds = 1 } = problem;
  switch (code) {
    case "sold_out":
      if (available) return `Only ${available} left. Choose fewer.`;
      return held
        ? "None is free right now. Some buyers have not paid yet, so try again in a moment."
        : "Sold out: somebody else was faster.";
    case "price_changed": {
      const price = unitPrice && format.price(unitPrice.amount, unitPrice.currency);
      return `The price is ${price ?? "another"} now. Nothing was ordered: go on only if that suits you.`;
    }
    case "payment_method_required":
      return "Earlier holds of yours ended unpaid. This time, pay with the order and press again.";
    case "user_limit_reached":
      return "You already have all that one person may buy.";
    case "sale_not_open":
      return `It is not open yet. It opens ${opensAt ? format.time(opensAt) : "soon"}.`;
    case "sale_closed":
      return "The sale is over. No more orders are taken.";
    case "rate_limited": {
      // Without a reason of its own the detail says what the title does.
      const why = problem.detail === problem.title ? undefined : problem.detail;
      return `${why ?? "Too many tries."} Please wait ${waitWords(retryAfterSeconds)}; one press is enough.`;
    }
    case "overloaded":
    case "unavailable":
      return "No answer yet. Please try again: you cannot buy twice.";
    case "not_found":
      return "This is not here any more.";
    case "blocked":
      return "Orders from here are not accepted.";
    default:
      return problem.detail ?? problem.title ?? "That did not work.";
  }
}

// A refusal in a buyer's words, for pages with and without JavaScript. The codes are those of errors.ts.
import type { ErrorCode, ProblemFields } from "../../../errors.ts";

/** problem+json, as far as its words depend on it. */
export interface Problem extends ProblemFields {
  code?: ErrorCode;
  title?: string;
}

/** `formatTime` writes a time as the page does. */
export function refusalText(problem: Problem, formatTime: (iso: string) => string): string {
  const { code, available, held, opensAt, retryAfterSeconds = 1 } = problem;
  switch (code) {
    case "sold_out":
      if (available) return `Only ${available} left. Choose fewer.`;
      return held
        ? "None is free right now. Some buyers have not paid yet, so try again in a moment."
        : "Sold out: somebody else was faster.";
    case "user_limit_reached":
      return "You already have all that one person may buy.";
    case "sale_not_open":
      return `It is not open yet. It opens ${opensAt ? formatTime(opensAt) : "soon"}.`;
    case "sale_closed":
      return "The sale is over. No more orders are taken.";
    case "rate_limited":
      return `Too many tries. Please wait ${retryAfterSeconds} s; one press is enough.`;
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

// What the answer to an attempt means, when it is no order: the words for the buyer, and what the page and
// the card learn from it. Pure.
import type { Money } from "../../money.ts";
import { type Format, NO_DUPLICATE, type Problem, refusalText } from "../copy/refusal.ts";

/** What a refusal tells about the sale, newer than the live answer. */
export interface SaleNews {
  available?: number | undefined;
  /** Units that may come back. */
  held?: number | undefined;
  unitPrice?: Money | undefined;
  opensAt?: string | undefined;
  closesAt?: string | undefined;
  /** The server's time is this, whatever we believed. */
  serverTime?: number | undefined;
}

export interface Outcome {
  text: string;
  tone: "bad" | "wait";
  /** Seconds until the button may be used again. */
  wait: number;
  blocked: boolean;
  /** The buyer has all that one person may buy; `orderId` is one of their orders. */
  full: boolean;
  orderId: string | undefined;
  news: SaleNews;
}

const CHECKS = "This sale now checks that buyers are human. Reload this page, then try again.";
/** Not the end: time, or the buyer, can change it. */
const PASSING =
  /^(challenge_required|payment_method_required|price_changed|rate_limited|user_limit_reached|sale_not_open)$/;

/** While nobody knows whether there is an order. */
export const pendingWords = (quantity: number): string =>
  `We couldn't confirm your order${quantity > 1 ? ` of ${quantity}` : ""} yet. ` +
  `Select “Check my order” to continue. ${NO_DUPLICATE}`;

export function outcomeOf(problem: Problem, retryAfter: number, format: Format): Outcome {
  const { code = "", opensAt, closesAt } = problem;
  const isEarly = code === "sale_not_open" && opensAt !== undefined;
  return {
    text: code === "challenge_required" ? CHECKS : refusalText(problem, format),
    tone: PASSING.test(code) || problem.held ? "wait" : "bad",
    wait: code === "rate_limited" ? retryAfter || 1 : 0,
    blocked: code === "blocked",
    full: code === "user_limit_reached",
    orderId: problem.orderIds?.[0],
    news: {
      available: code === "sold_out" ? (problem.available ?? 0) : undefined,
      held: problem.held,
      unitPrice: problem.unitPrice,
      opensAt,
      closesAt,
      serverTime: isEarly ? Date.parse(opensAt) - (retryAfter || 1) * 1_000 : undefined,
    },
  };
}

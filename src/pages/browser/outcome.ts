// Interprets a refused order: the message for the buyer, and the facts about the sale that it contains. Pure.
import type { Money } from "../../values/money.ts";
import { type Problem, refusalText } from "../copy/refusal.ts";
import type { Wording } from "../copy/wording.ts";

/** Facts about the sale in a refusal. They are newer than the live answer. */
export interface SaleUpdate {
  available?: number | undefined;
  /** Units in unpaid reservations. */
  held?: number | undefined;
  unitPrice?: Money | undefined;
  opensAt?: string | undefined;
  closesAt?: string | undefined;
  /** The server's time, in milliseconds; overrides the estimate. */
  serverTime?: number | undefined;
  /** The signed-in account is not in line. */
  isOutOfLine?: boolean;
}

export interface Outcome {
  text: string;
  tone: "bad" | "wait";
  /** Seconds until the button may be used again. */
  wait: number;
  blocked: boolean;
  /** The buyer has reached the item's limit; `orderId` is one of their orders. The limit of a sale names none. */
  full: boolean;
  orderId: string | undefined;
  update: SaleUpdate;
}

/** Refusals that time or the buyer can resolve; they are not shown as errors. */
const RESOLVABLE =
  /^(challenge_required|payment_method_required|price_changed|rate_limited|ticket_required|not_admitted_yet|user_limit_reached|sale_not_open|sale_paused)$/;

/** The message while it is unknown whether the order was placed. */
export const pendingText = (quantity: number, { words, fill, join }: Wording): string =>
  join(fill(words.sale.pending, { n: quantity }), words.common.noDuplicate);

export function outcomeOf(problem: Problem, retryAfter: number, wording: Wording): Outcome {
  const { code = "", opensAt, closesAt } = problem;
  const isEarly = code === "sale_not_open" && opensAt !== undefined;
  return {
    text:
      code === "challenge_required" ? wording.words.refusal.reload : refusalText(problem, wording),
    tone: RESOLVABLE.test(code) || problem.held ? "wait" : "bad",
    wait: code === "rate_limited" ? retryAfter || 1 : 0,
    blocked: code === "blocked",
    full: !!problem.orderIds,
    orderId: problem.orderIds?.[0],
    update: {
      isOutOfLine: code === "ticket_required",
      available: code === "sold_out" ? (problem.available ?? 0) : undefined,
      held: problem.held,
      unitPrice: problem.unitPrice,
      opensAt,
      closesAt,
      serverTime: isEarly ? Date.parse(opensAt) - (retryAfter || 1) * 1_000 : undefined,
    },
  };
}

// Takes the units of an attempt from its buyer's allowance, in sales that limit the units of all SKUs per person. One call of
// one of many objects; without such a limit, none.
import { type Refusal, refuse } from "../http/errors.ts";
import { type LeaseAnswer, leaseUnits } from "../inventory/allowance/client.ts";
import { causeOf, log } from "../observability/log.ts";
import type { Buying, Purchase, Stage } from "./attempt.ts";
import { randomRetrySeconds } from "./decide-shed.ts";
import { isMarkedRetry } from "./sold-out.ts";

/** How soon a buyer tries again whose allowance is undecided. */
const UNDECIDED_RETRY_SECONDS = 2;

/** The limit of a sale, as the edge knows it or as an object does. */
interface SaleLimit {
  saleId: string;
  limit: number;
}

export const allowance: Stage<Buying> = {
  name: "allowance",
  check: (attempt) => {
    const { id: saleId, perUserLimit: limit } = attempt.entry.sale;
    return limit === undefined ? undefined : takeLease(attempt, { saleId, limit });
  },
};

/**
 * Sets the lease of an attempt, for one call of the SKU's object. If there is none, an attempt that may repeat an accepted
 * order becomes a look-up, with this refusal pending.
 *
 * @returns the refusal of any other attempt
 */
export async function takeLease(
  attempt: Purchase,
  { saleId, limit }: SaleLimit,
): Promise<Refusal | undefined> {
  const { c, userId, skuId, idempotencyKey: key, body } = attempt;
  const command = { saleId, userId, skuId, key, quantity: body.quantity, limit };
  const answer = await leaseUnits(c.env, command).catch((cause) => fault(attempt, cause));
  if (answer.ok) {
    if (answer.lease) attempt.lease = { ...answer.lease, saleId, limit };
    return undefined;
  }
  const refusal = toRefusal(answer, limit);
  if (!answer.mayHaveOrder && !isMarkedRetry(attempt)) return refusal;
  attempt.pending = refusal;
  return undefined;
}

type Refused =
  | Exclude<LeaseAnswer, { ok: true }>
  | { ok: false; reason: "overloaded" | "unavailable" };

/** Without an answer of the allowance nobody takes units, but accepted orders are still found. */
function fault(attempt: Purchase, cause: unknown) {
  const { overloaded } = cause as { overloaded?: boolean };
  const requestId = attempt.c.get("requestId");
  log("allowance.unavailable", { requestId, cause: causeOf(cause) });
  const reason = overloaded ? "overloaded" : "unavailable";
  return { ok: false, reason, mayHaveOrder: true } as const;
}

function toRefusal(answer: Refused, limit: number): Refusal {
  switch (answer.reason) {
    case "limit_reached": {
      const detail = `Your limit for this sale is reached: ${limit} of all items together`;
      return refuse("user_limit_reached", { scope: "sale", limit, detail });
    }
    case "undecided":
      return refuse("unavailable", {
        detail: "Another order of yours is still being decided. Please try again in a moment.",
        retryAfterSeconds: UNDECIDED_RETRY_SECONDS,
      });
    default:
      return refuse(answer.reason, { retryAfterSeconds: randomRetrySeconds() });
  }
}

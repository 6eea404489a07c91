// The money of a batch: takes the step that each claim names, and returns answers as they arrive, so that a slow
// charge does not delay other orders.
import { TimeoutStrategy, timeout } from "cockatiel";
import type { Claim } from "../inventory/claim.ts";
import type { MoneyOutcome } from "../inventory/decide-outcome.ts";
import { causeOf, log } from "../observability/log.ts";
import type { PaymentGateway, Pending, Unknown } from "../payments/gateway.ts";

/** A step that takes longer is found by the next delivery, under the same idempotency key. */
export const GATEWAY_LIMIT_MS = 4_000;

const gatewayTimeout = timeout(GATEWAY_LIMIT_MS, TimeoutStrategy.Aggressive);

export interface MoneyAnswer {
  claim: Claim;
  /** `unknown` if the gateway does not know the outcome, so the step must be retried. */
  money: MoneyOutcome | Pending | Unknown;
}

/** The money steps of one batch that are running or answered. */
export class MoneySteps {
  readonly #gateway: PaymentGateway | null;
  readonly #running = new Set<Promise<void>>();
  #answers: MoneyAnswer[] = [];

  constructor(gateway: PaymentGateway | null) {
    this.#gateway = gateway;
  }

  /** Starts the step of each claim that has one. */
  start(claims: Iterable<Claim>): void {
    for (const claim of claims) {
      if (claim.step === "none") continue;
      const step = takeMoneyStep(this.#gateway, claim).then((money) => {
        this.#answers.push({ claim, money });
        this.#running.delete(step);
      });
      this.#running.add(step);
    }
  }

  /** Whether any step is running or has an answer to collect. */
  get hasOpen(): boolean {
    return this.#running.size > 0 || this.#answers.length > 0;
  }

  /** Waits up to `limitMs` for all steps, and returns the answers that arrived. */
  async collect(limitMs: number): Promise<MoneyAnswer[]> {
    if (this.#running.size > 0) {
      let timer: ReturnType<typeof setTimeout> | null = null;
      const limit = new Promise((resolve) => {
        timer = setTimeout(resolve, limitMs);
      });
      await Promise.race([Promise.all(this.#running), limit]);
      clearTimeout(timer);
    }
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }
}

async function takeMoneyStep(
  gateway: PaymentGateway | null,
  claim: Claim,
): Promise<MoneyAnswer["money"]> {
  if (!gateway) return { outcome: "unknown", cause: "no payment gateway is configured" };
  try {
    return await gatewayTimeout.execute(() => callGateway(gateway, claim));
  } catch (error) {
    log("payment.unknown", { orderId: claim.orderId, step: claim.step, cause: causeOf(error) });
    return { outcome: "unknown", cause: causeOf(error) };
  }
}

function callGateway(gateway: PaymentGateway, claim: Claim): Promise<MoneyAnswer["money"]> {
  const { orderId, userId, order, step, attempt, chargeId } = claim;
  const amount = order.total;
  if (step === "refund") return gateway.refund({ orderId, chargeId: chargeId ?? "", amount });
  const paymentToken = claim.paymentToken ?? "";
  const { createdAt } = order;
  const request = { orderId, userId, amount, paymentToken, attempt, chargeId, createdAt };
  return step === "charge" ? gateway.charge(request) : gateway.void(request);
}

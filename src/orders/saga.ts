// The money of a batch: asks the gateway what the ledger says is due, each order on its own, and hands
// out the answers as they come, so that a slow charge does not hold up its neighbours.
import { TimeoutStrategy, timeout } from "cockatiel";
import type { Claim } from "../inventory/claim.ts";
import type { MoneyOutcome } from "../inventory/decide-order.ts";
import { causeOf, log } from "../observability/log.ts";
import type { PaymentGateway, Unknown } from "../payments/gateway.ts";

/** What takes longer is found by its idempotency key at the next delivery. */
export const GATEWAY_LIMIT_MS = 4_000;

const patience = timeout(GATEWAY_LIMIT_MS, TimeoutStrategy.Aggressive);

export interface MoneyAnswer {
  claim: Claim;
  /** `unknown` when the gateway could not say and must be asked again. */
  money: MoneyOutcome | Unknown;
}

/** The money steps of one batch that are under way or answered. */
export class MoneySteps {
  readonly #gateway: PaymentGateway | null;
  readonly #underWay = new Set<Promise<void>>();
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
        this.#underWay.delete(step);
      });
      this.#underWay.add(step);
    }
  }

  get open(): boolean {
    return this.#underWay.size > 0 || this.#answers.length > 0;
  }

  /** Waits until all have answered, at most `limitMs`; hands out the answers that are there by then. */
  async take(limitMs: number): Promise<MoneyAnswer[]> {
    if (this.#underWay.size > 0) {
      let timer: ReturnType<typeof setTimeout> | null = null;
      const limit = new Promise((resolve) => {
        timer = setTimeout(resolve, limitMs);
      });
      await Promise.race([Promise.all(this.#underWay), limit]);
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
    return await patience.execute(() => callGateway(gateway, claim));
  } catch (error) {
    log("payment.unknown", { orderId: claim.orderId, step: claim.step, cause: causeOf(error) });
    return { outcome: "unknown", cause: causeOf(error) };
  }
}

function callGateway(gateway: PaymentGateway, claim: Claim): Promise<MoneyAnswer["money"]> {
  const { orderId, userId, order, step } = claim;
  const { amount: unit, currency } = order.unitPrice;
  const amount = { amount: unit * order.quantity, currency };
  if (step === "refund") return gateway.refund({ orderId, chargeId: claim.chargeId ?? "", amount });
  const paymentToken = claim.paymentToken ?? "";
  const request = { orderId, userId, amount, paymentToken, createdAt: order.createdAt };
  return step === "charge" ? gateway.charge(request) : gateway.void(request);
}

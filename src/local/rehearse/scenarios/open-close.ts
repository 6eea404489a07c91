// Buyers arrive from before the sale opens until after it closes. Early buyers retry at the exact millisecond of
// the opening.
import { setTimeout as pause } from "node:timers/promises";
import { arrivals, openLoop } from "../arrivals.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { hours } from "./hours.ts";
import { buy } from "./order-actions.ts";

/** Enough time for the sale to become visible and for everyone to sign in. */
const LEAD_MS = 6_000;
const OPEN_MS = 2_500;
/** Arrivals start this long before the opening and end this long after the close. */
const MARGIN_MS = 1_500;

export const openClose: Scenario = {
  name: "open-close",
  plan({ now, buyerCount }) {
    const opensAt = now + LEAD_MS;
    const sku = { name: "free", unitPrice: { amount: 0, currency: "USD" }, holdSeconds: 300 };
    return {
      ...hours(opensAt, opensAt + OPEN_MS),
      skus: [{ ...sku, stock: buyerCount, perUserLimit: 1 }],
    };
  },
  buyerCount: (buyers) => Math.ceil(buyers / 5),
  async run(context, buyers) {
    const opensAt = Date.parse(context.history[0]?.sale.opensAt ?? "");
    await pause(Math.max(0, opensAt - MARGIN_MS - context.client.now()));
    const seconds = (OPEN_MS + 2 * MARGIN_MS) / 1_000;
    const times = arrivals(
      [{ seconds, perSecond: buyers.length / seconds }],
      context.random("open-close arrivals"),
    );
    await openLoop(times.slice(0, buyers.length), (nth, dueAt) =>
      tryToBuy(context, buyers[nth] as Buyer, opensAt, dueAt),
    );
  },
};

/** Orders on arrival. If the sale is not open yet, retries under the same key when it opens. */
async function tryToBuy(context: ScenarioContext, buyer: Buyer, opensAt: number, dueAt: number) {
  const { sku, user } = buyer;
  const key = `${context.run}-${buyer.nth}`;
  const purchase = context.recorder.startPurchase(user, sku.id, key);
  const first = await buy(context, buyer, purchase, { kind: "buy (open-close)", dueAt });
  if (first?.status === 403) {
    const wait = Math.max(0, opensAt - context.client.now());
    const retryAt = performance.now() + wait;
    await pause(wait);
    await buy(context, buyer, purchase, { kind: "buy (open-close)", dueAt: retryAt });
  }
}

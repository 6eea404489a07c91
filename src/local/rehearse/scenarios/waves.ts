// Open-loop load: buyers arrive in two peaks and order one or several units of SKUs that allow several. Arrivals do
// not wait for earlier answers, and latency counts from the scheduled time.
import { arrivals, openLoop, type Wave } from "../arrivals.ts";
import type { Method } from "../payments.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { openNow } from "./hours.ts";
import { buy } from "./order-actions.ts";

/** Arrival rate of each second, relative to the average. */
const SHAPE = [0.5, 1.8, 0.2, 2, 0.5];
/** Buyers return for more units. */
const ARRIVALS_PER_BUYER = 2.5;
/** Less than the per-user limits, so that the sale can sell out. */
const UNITS_PER_BUYER = 2.5;
const METHODS: (Method | undefined)[] = ["good", "declined", "good", undefined, "good"];

export const waves: Scenario = {
  name: "waves",
  plan({ now, buyerCount, canPay }) {
    const stock = Math.ceil((buyerCount * UNITS_PER_BUYER) / (canPay ? 2 : 1));
    const sku = { stock, holdSeconds: 5 };
    const usd = (amount: number) => ({ amount, currency: "USD" });
    return {
      ...openNow(now),
      skus: [
        { ...sku, name: "free", unitPrice: usd(0), perUserLimit: 4 },
        ...(canPay ? [{ ...sku, name: "paid", unitPrice: usd(700), perUserLimit: 3 }] : []),
      ],
    };
  },
  buyerCount: (buyers) => Math.ceil(buyers / 4),
  async run(context, buyers) {
    const perSecond = (buyers.length * ARRIVALS_PER_BUYER) / SHAPE.length;
    const shape = SHAPE.map((share): Wave => ({ seconds: 1, perSecond: share * perSecond }));
    const random = context.random("waves quantities");
    const times = arrivals(shape, context.random("waves arrivals"));
    await openLoop(times, (nth, dueAt) => {
      const buyer = buyers[nth % buyers.length] as Buyer;
      const quantity = 1 + Math.floor(random() * buyer.sku.perUserLimit);
      return arrive(context, buyer, nth, quantity, dueAt);
    });
  },
};

async function arrive(
  context: ScenarioContext,
  buyer: Buyer,
  nth: number,
  quantity: number,
  dueAt: number,
): Promise<void> {
  const { sku, user } = buyer;
  const key = `${context.run}-${nth}`;
  const purchase = context.recorder.startPurchase(user, sku.id, key, quantity);
  const method = sku.unitPrice.amount > 0 ? METHODS[nth % METHODS.length] : undefined;
  await buy(context, buyer, purchase, {
    kind: "buy (waves)",
    dueAt,
    ...(method !== undefined && { method }),
  });
}

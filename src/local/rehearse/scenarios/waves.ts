// Open-loop load: buyers arrive in two peaks and order one or several units of SKUs that allow several. Arrivals do
// not wait for earlier answers, and latency counts from the scheduled time.
import { arrivals, openLoop, type Wave } from "../arrivals.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { openNow } from "./hours.ts";
import { buy } from "./order-actions.ts";

/** Arrival rate of each second, relative to the average. */
const SHAPE = [0.5, 1.8, 0.2, 2, 0.5];
/** Buyers return for more units. */
const ARRIVALS_PER_BUYER = 2.5;
/** Less than the per-user limits, so that the sale can sell out. */
const UNITS_PER_BUYER = 2.5;
const TOKENS = ["tok_ok", "tok_declined", "tok_ok", undefined, "tok_ok"];

export const waves: Scenario = {
  name: "waves",
  plan({ now, buyerCount, sandbox }) {
    const stock = Math.ceil((buyerCount * UNITS_PER_BUYER) / (sandbox ? 2 : 1));
    const sku = { stock, holdSeconds: 5 };
    const usd = (amount: number) => ({ amount, currency: "USD" });
    return {
      ...openNow(now),
      skus: [
        { ...sku, name: "free", unitPrice: usd(0), perUserLimit: 4 },
        ...(sandbox ? [{ ...sku, name: "paid", unitPrice: usd(700), perUserLimit: 3 }] : []),
      ],
    };
  },
  buyerCount: (buyers) => Math.ceil(buyers / 4),
  async run(context, buyers) {
    const perSecond = (buyers.length * ARRIVALS_PER_BUYER) / SHAPE.length;
    const shape = SHAPE.map((share): Wave => ({ seconds: 1, perSecond: share * perSecond }));
    await openLoop(arrivals(shape), (nth, dueAt) =>
      arrive(context, buyers[nth % buyers.length] as Buyer, nth, dueAt),
    );
  },
};

async function arrive(
  context: ScenarioContext,
  buyer: Buyer,
  nth: number,
  dueAt: number,
): Promise<void> {
  const { sku, user } = buyer;
  const quantity = 1 + Math.floor(Math.random() * sku.perUserLimit);
  const key = `${context.run}-${nth}`;
  const purchase = context.recorder.startPurchase(user, sku.id, key, quantity);
  const paymentToken = sku.unitPrice.amount > 0 ? TOKENS[nth % TOKENS.length] : undefined;
  await buy(context, buyer, purchase, {
    kind: "buy (waves)",
    dueAt,
    ...(paymentToken !== undefined && { paymentToken }),
  });
}

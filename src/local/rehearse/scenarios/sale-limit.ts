// People order every size of a sale with a limit per person at the same moment, again while they are refused, and once more
// after they gave a unit back or let its hold end.
import { setTimeout as pause } from "node:timers/promises";
import type { Sku } from "../../client.ts";
import type { Purchase } from "../recorder.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { openNow } from "./hours.ts";
import { buy, cancel } from "./order-actions.ts";

const BUYERS = 24;
const LIMIT = 2;
const SIZES = ["s", "m", "l", "xl"];
const HOLD_SECONDS = 3;

export const saleLimit: Scenario = {
  name: "sale-limit",
  /** More of each size than anyone may take, so that the limit alone refuses. Orders that nobody pays end by themselves. */
  plan: ({ now, buyerCount, canPay }) => ({
    ...openNow(now),
    perUserLimit: LIMIT,
    skus: SIZES.map((name) => ({
      ...{ name, stock: buyerCount * LIMIT, perUserLimit: LIMIT, holdSeconds: HOLD_SECONDS },
      unitPrice: { amount: canPay ? 700 : 0, currency: "USD" },
    })),
  }),
  buyerCount: () => BUYERS,
  async run(context, buyers) {
    await Promise.all(buyers.map((buyer) => shop(context, buyer)));
  },
};

/** Every third buyer gives units back, every third lets them go with their holds, and the others keep and pay them. */
async function shop(context: ScenarioContext, buyer: Buyer): Promise<void> {
  const random = context.random(`sale-limit ${buyer.nth}`);
  const sizes = context.skus
    .map((sku) => ({ sku, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ sku }) => sku);
  const keeps = buyer.nth % 3 === 0;
  const taken = await orderAll(context, buyer, sizes, "first", keeps);
  if (keeps) return;
  if (buyer.nth % 3 === 1) {
    for (const { sku, acceptedIds } of taken) {
      const own = { ...buyer, sku: sizes.find(({ id }) => id === sku) as Sku };
      for (const id of acceptedIds) await cancel(context, own, id);
    }
  } else await pause(HOLD_SECONDS * 1_000);
  await orderAll(context, buyer, sizes, "second", true);
}

/** Orders one unit of each size at once. Returns the purchases that were accepted. */
async function orderAll(
  context: ScenarioContext,
  buyer: Buyer,
  sizes: readonly Sku[],
  round: string,
  pays: boolean,
): Promise<Purchase[]> {
  const isPaid = sizes.some(({ unitPrice }) => unitPrice.amount > 0);
  const method = pays && isPaid ? ({ method: "good" } as const) : {};
  const purchases = sizes.map((sku) => {
    const key = `${context.run}-${buyer.nth}-${round}-${sku.name}`;
    return context.recorder.startPurchase(buyer.user, sku.id, key);
  });
  const kind = "buy (sale limit)";
  await Promise.all(purchases.map((one) => buy(context, buyer, one, { kind, ...method })));
  return purchases.filter(({ acceptedIds }) => acceptedIds.length > 0);
}

// The operator changes nearly all terms of the sale while buyers order, some of them at the price they saw. One
// buyer is denied for a while and keeps trying.
import { setTimeout as pause } from "node:timers/promises";
import type { Money, Order } from "../../client.ts";
import { arrivals, openLoop } from "../arrivals.ts";
import { Operator } from "../operator.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { openNow } from "./hours.ts";
import { buy } from "./order-actions.ts";

const STEP_MS = 900;
const STEPS = 10;
/** Arrivals continue this long after the operator closes the sale. */
const AFTERWARDS_MS = 1_000;
const TRIES_PER_BUYER = 3;
/** One attempt in four is for two units, which the limit allows for a while. */
const PAIR_EVERY = 4;
const RESTOCK = 10;
/** Interval between attempts of the denied buyer, slow enough for the rate limits. */
const DENIED_INTERVAL_MS = 700;

export const edits: Scenario = {
  name: "edits",
  plan({ now, buyerCount, canPay }) {
    const price = { amount: canPay ? 1_000 : 0, currency: "USD" };
    // Holds last longer than the scenario, so that no units return while it runs.
    const sku = { name: "changing", unitPrice: price, perUserLimit: 1, holdSeconds: 60 };
    return { ...openNow(now), skus: [{ ...sku, stock: buyerCount }] };
  },
  buyerCount: (buyers) => Math.max(2, Math.ceil(buyers / 5)),
  async run(context, [denied, ...buyers]) {
    const seconds = (STEPS * STEP_MS + AFTERWARDS_MS) / 1_000;
    const perSecond = (buyers.length * TRIES_PER_BUYER) / seconds;
    const ended = new AbortController();
    await Promise.all([
      operate(context, denied as Buyer).finally(() => ended.abort()),
      openLoop(arrivals([{ seconds, perSecond }], context.random("edits arrivals")), (nth, dueAt) =>
        tryToBuy(context, buyers[nth % buyers.length] as Buyer, `${nth}`, {
          dueAt,
          quantity: nth % PAIR_EVERY === 0 ? 2 : 1,
        }),
      ),
      keepTrying(context, denied as Buyer, ended.signal),
    ]);
  },
};

/** Applies the changes one after another, each in force for a while. */
async function operate(context: ScenarioContext, { user, sku }: Buyer): Promise<void> {
  const operator = new Operator(context);
  const { stock, unitPrice } = sku;
  const higherPrice = { ...unitPrice, amount: Math.ceil(unitPrice.amount * 1.5) };
  let lift = async () => {};
  const steps: (() => Promise<void>)[] = [
    async () => {
      lift = await operator.deny(user);
    },
    () => operator.edit({ stock: stock + Math.ceil(stock / 2) }),
    () => operator.edit({ perUserLimit: 2 }),
    async () => {
      const stock = (await operator.committed()) - 1;
      if (stock >= 0) await operator.edit({ stock }, ["stock_below_committed"]);
    },
    () => operator.edit({ unitPrice: higherPrice }),
    () => operator.edit({ perUserLimit: 1 }),
    async () => {
      // An order may come between reading the ledger and the change, which is then refused.
      const stock = (await operator.committed()) + 1;
      await operator.edit({ stock }, ["200", "stock_below_committed"]);
    },
    () => operator.restock(RESTOCK),
    () => lift(),
    () => operator.edit({ closesAt: new Date(context.client.now()).toISOString() }),
  ];
  for (const step of steps) {
    await pause(STEP_MS);
    await step();
  }
  await pause(AFTERWARDS_MS);
}

/** The denied buyer orders repeatedly, before, while and after the rule applies. */
async function keepTrying(
  context: ScenarioContext,
  buyer: Buyer,
  ended: AbortSignal,
): Promise<void> {
  for (let at = 0; !ended.aborted; at += 1) {
    await tryToBuy(context, buyer, `denied-${at}`, { alsoExpected: ["blocked"] });
    await pause(DENIED_INTERVAL_MS);
  }
}

/** Orders, mostly at the price the buyer saw, and accepts a changed price. */
async function tryToBuy(
  context: ScenarioContext,
  buyer: Buyer,
  name: string,
  { quantity = 1, ...options }: { quantity?: number; dueAt?: number; alsoExpected?: string[] },
): Promise<void> {
  const { sku, user } = buyer;
  const purchase = context.recorder.startPurchase(user, sku.id, `${context.run}-${name}`, quantity);
  const paid = sku.unitPrice.amount > 0 ? ({ method: "good" } as const) : {};
  const order = (unitPrice: Money | undefined) =>
    buy(context, buyer, purchase, { kind: "buy (edits)", unitPrice, ...paid, ...options });
  const answer = await order(seenPrice(context, buyer));
  const changed = answer?.body as (Order & { code?: string }) | undefined;
  if (changed?.code === "price_changed") {
    await order(changed.unitPrice);
  }
}

/** The price on the buyer's page: none, the price when the page was opened, or the latest one. */
function seenPrice({ live, skus }: ScenarioContext, { nth }: Buyer): Money | undefined {
  const opened = skus[0]?.unitPrice;
  return [undefined, opened, live.at(-1)?.skus[0]?.unitPrice ?? opened][nth % 3];
}

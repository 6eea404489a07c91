// The operator refunds confirmed orders, whole and in part, with the units going back on sale or not. The sale is sold out
// before. Meanwhile and afterwards buyers get the units that came back, those whose orders were refunded among them.
import type { LedgerOrder } from "../../client.ts";
import { arrivals, openLoop } from "../arrivals.ts";
import { Operator, type RefundOf } from "../operator.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { openNow } from "./hours.ts";
import { buy } from "./order-actions.ts";
import { untilReturned, untilSku } from "./refund-actions.ts";

/** Units of each order of the first buyers. */
const UNITS = 3;
/** How long buyers arrive during the refunds, and afterwards. */
const AFTERWARDS_SECONDS = 8;

/** The refunds of one order, one after another. */
const PATTERNS: RefundOf[][] = [
  [{ backOnSale: true }],
  [{ backOnSale: false }],
  [{ quantity: 1, backOnSale: true }],
  [{ quantity: 2, backOnSale: false }],
  [{ quantity: 1, backOnSale: true }, { backOnSale: false }],
  [],
];

export const refunds: Scenario = {
  name: "refunds",
  plan({ now, buyerCount, canPay }) {
    const unitPrice = { amount: canPay ? 1_500 : 0, currency: "USD" };
    const stock = firstOf(buyerCount) * UNITS;
    const sku = { name: "returned", unitPrice, stock, perUserLimit: UNITS, holdSeconds: 60 };
    return { ...openNow(now), skus: [sku] };
  },
  buyerCount: (buyers) => Math.max(2 * PATTERNS.length, Math.ceil(buyers / 10)),
  async run(context, buyers) {
    const first = buyers.slice(0, firstOf(buyers.length));
    await Promise.all(first.map((buyer) => order(context, buyer, "first", UNITS)));
    await untilSku(
      context,
      async ({ client }, sku) => (await client.ledger(sku)).unacknowledged === 0,
    );
    const random = context.random("refunds arrivals");
    const perSecond = buyers.length / AFTERWARDS_SECONDS;
    await Promise.all([
      refundAll(context),
      openLoop(arrivals([{ seconds: AFTERWARDS_SECONDS, perSecond }], random), (nth, dueAt) =>
        order(context, buyers[nth % buyers.length] as Buyer, `${nth}`, 1, dueAt),
      ),
    ]);
  },
};

const firstOf = (buyerCount: number): number => Math.floor(buyerCount / 2);

async function order(
  context: ScenarioContext,
  buyer: Buyer,
  name: string,
  quantity: number,
  dueAt?: number,
): Promise<void> {
  const { user, sku } = buyer;
  const key = `${context.run}-${name}-${buyer.nth}`;
  const purchase = context.recorder.startPurchase(user, sku.id, key, quantity);
  await buy(context, buyer, purchase, {
    kind: "buy (refunds)",
    ...(sku.unitPrice.amount > 0 && { method: "good" }),
    ...(dueAt !== undefined && { dueAt }),
  });
}

/** Every confirmed order is refunded in one of the ways. */
async function refundAll(context: ScenarioContext): Promise<void> {
  const operator = new Operator(context);
  const orders = await context.client.ledgerOrders(operator.sku.id);
  const confirmed = orders.filter(({ status }) => status === "confirmed");
  await Promise.all(confirmed.map((one, nth) => refundInTurn(operator, one, nth)));
  await untilReturned(context);
}

async function refundInTurn(operator: Operator, order: LedgerOrder, nth: number): Promise<void> {
  for (const refund of PATTERNS[nth % PATTERNS.length] ?? []) await operator.refund(order, refund);
}

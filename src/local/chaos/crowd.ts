// The crowd of a game day. People come at a steady rate, whatever happens, and want one unit of a free SKU with lanes, or of a
// paid one. They repeat a request that got no answer, with the same key, as the pages and the client do.
import { setTimeout as pause } from "node:timers/promises";
import { arrivals, openLoop, type Wave } from "../rehearse/arrivals.ts";
import type { Buyer, Scenario, ScenarioContext } from "../rehearse/scenario.ts";
import { buy } from "../rehearse/scenarios/order-actions.ts";
import { type PaymentPattern, payOrCancel } from "../rehearse/scenarios/payment-pattern.ts";

/** How long a person repeats a request without an answer. Longer than any fault lasts. */
const REPEAT_FOR_MS = 120_000;
const REPEAT_EVERY_MS = 1_000;
/** The stock is this share of the demand, so that both SKUs sell out while the fault lasts or just after. */
const STOCK_SHARE = 0.6;
const HOLD_SECONDS = 10;

const PATTERNS: PaymentPattern[] = [
  { method: "good" },
  { later: "good" },
  { method: "declined" },
  { method: "good" },
  { cancels: true },
  {},
];

/** @param act runs beside the crowd, and breaks and repairs the world */
export function crowdScenario(
  name: string,
  waves: Wave[],
  act: (context: ScenarioContext) => Promise<void>,
): Scenario {
  const people = Math.ceil(waves.reduce((sum, wave) => sum + wave.seconds * wave.perSecond, 0));
  return {
    name,
    buyerCount: () => people,
    plan({ now, buyerCount }) {
      const sku = { stock: Math.ceil((buyerCount / 2) * STOCK_SHARE), perUserLimit: 1 };
      const usd = (amount: number) => ({ amount, currency: "USD" });
      return {
        opensAt: new Date(now - 1_000).toISOString(),
        closesAt: new Date(now + 3_600_000).toISOString(),
        skus: [
          { ...sku, name: "free", unitPrice: usd(0), holdSeconds: 300, lanes: 3 },
          { ...sku, name: "paid", unitPrice: usd(700), holdSeconds: HOLD_SECONDS },
        ],
      };
    },
    async run(context, buyers) {
      const times = arrivals(waves, context.random(`${name} arrivals`)).slice(0, buyers.length);
      const crowd = openLoop(times, (nth) => arrive(context, buyers[nth] as Buyer));
      await Promise.all([crowd, act(context)]);
    },
  };
}

/** Everything one person does. One in three clicks twice, and one in four comes back with another key. */
async function arrive(context: ScenarioContext, buyer: Buyer): Promise<void> {
  const { nth, sku, user } = buyer;
  const isPaid = sku.unitPrice.amount > 0;
  const pattern = isPaid ? (PATTERNS[nth % PATTERNS.length] as PaymentPattern) : {};
  const payment = pattern.method === undefined ? {} : { method: pattern.method };
  const start = (key: string) =>
    context.recorder.startPurchase(user, sku.id, `${context.run}-${key}`);
  const purchase = start(`${nth}`);
  const click = () =>
    untilAnswered(() => buy(context, buyer, purchase, { kind: "buy", ...payment }));
  await Promise.all([click(), ...(nth % 3 === 0 ? [click()] : [])]);
  const [id] = purchase.acceptedIds;
  if (id !== undefined && isPaid) await payOrCancel(context, buyer, pattern, id);
  if (nth % 4 !== 0) return;
  const again = start(`${nth}-again`);
  await untilAnswered(() => buy(context, buyer, again, { kind: "buy, new key", ...payment }));
}

async function untilAnswered(send: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + REPEAT_FOR_MS;
  while ((await send()) === undefined && Date.now() < deadline) {
    await pause(REPEAT_EVERY_MS);
  }
}

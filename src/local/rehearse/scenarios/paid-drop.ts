// A drop of paid orders that come much faster than the provider takes payments, with free orders beside them. All settle, at
// the pace that is allowed, and the free orders do not wait for them.
import { setTimeout as pause } from "node:timers/promises";
import { median } from "../../stats.ts";
import { arrivals, openLoop } from "../arrivals.ts";
import type { Pace } from "../recorder.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";
import { FINAL_WITHIN_MS, lineMs } from "../wait-until-final.ts";
import { openNow } from "./hours.ts";
import { buy } from "./order-actions.ts";
import { type PaymentPattern, payOrCancel } from "./payment-pattern.ts";

/** Arrivals of paid orders: 3,000 come in ten seconds. */
const PER_SECOND = 300;
/** One buyer in ten orders for free. */
const FREE_EVERY = 10;
const HOLD_SECONDS = 60;
const LOOK_MS = 250;

/** One buyer in four has a card that takes more than one try, or more time. */
const PATTERNS: PaymentPattern[] = [
  { method: "declined", next: "good" },
  { method: "asks", answers: "yes" },
  { method: "fails once" },
  { method: "charges, answer lost" },
  { method: "slow" },
  ...Array<PaymentPattern>(15).fill({ method: "good" }),
];

export const paidDrop: Scenario = {
  name: "paid-drop",
  plan({ now, buyerCount, knowsPace }) {
    const terms = { stock: buyerCount, perUserLimit: 1, holdSeconds: HOLD_SECONDS };
    const sku = (name: string, amount: number) => ({
      ...{ name, unitPrice: { amount, currency: "USD" }, ...terms },
    });
    return knowsPace ? { ...openNow(now), skus: [sku("paid", 12_000), sku("free", 0)] } : undefined;
  },
  buyerCount: (buyers) => Math.ceil((buyers * FREE_EVERY) / (FREE_EVERY - 1)),
  skuOf: (nth) => (nth % FREE_EVERY === 0 ? 1 : 0),
  async run(context, buyers) {
    const isPaid = ({ sku }: Buyer) => sku.unitPrice.amount > 0;
    const paying = buyers.filter(isPaid);
    const others = buyers.filter((buyer) => !isPaid(buyer));
    const alone = others.slice(0, Math.floor(others.length / 2));
    const freeAloneMs = await Promise.all(alone.map((buyer) => collect(context, buyer)));
    const startedAt = Date.now();
    const seconds = paying.length / PER_SECOND;
    const times = arrivals([{ seconds, perSecond: PER_SECOND }], context.random("drop arrivals"));
    const late = paying.slice(times.length).map(() => seconds * 1_000);
    const [freeBesideMs] = await Promise.all([
      Promise.all(others.slice(alone.length).map((buyer) => collect(context, buyer))),
      openLoop([...times, ...late].slice(0, paying.length), (nth, dueAt) =>
        order(context, paying[nth] as Buyer, nth, dueAt),
      ),
    ]);
    const pace = await paceSince(context, startedAt, paying.length);
    if (!pace) return;
    context.recorder.pace = {
      ...pace,
      freeAloneMs: median(freeAloneMs),
      freeBesideMs: median(freeBesideMs),
    };
  },
};

async function order(
  context: ScenarioContext,
  buyer: Buyer,
  nth: number,
  dueAt: number,
): Promise<void> {
  const { user, sku } = buyer;
  const pattern = PATTERNS[nth % PATTERNS.length] as PaymentPattern;
  const purchase = context.recorder.startPurchase(user, sku.id, `${context.run}-${nth}`);
  const kind = "buy (paid-drop)";
  await buy(context, buyer, purchase, {
    kind,
    dueAt,
    ...(pattern.method && { method: pattern.method }),
  });
  for (const id of purchase.acceptedIds) await payOrCancel(context, buyer, pattern, id);
}

/** Orders for free. Returns the milliseconds until the order is confirmed. */
async function collect(context: ScenarioContext, buyer: Buyer): Promise<number> {
  const { client, recorder, run } = context;
  const start = performance.now();
  const purchase = recorder.startPurchase(buyer.user, buyer.sku.id, `${run}-free-${buyer.nth}`);
  await buy(context, buyer, purchase, { kind: "buy (paid-drop)" });
  const [id = ""] = purchase.acceptedIds;
  const read = () => sendWithRetry(recorder, "read own order", () => client.readOrder(id, buyer));
  while (id !== "" && (await read())?.body.status === "reserved") await pause(LOOK_MS);
  return performance.now() - start;
}

/**
 * The pace of the first tries: as many charges as there are orders. The line was never empty until then, because each order
 * takes at least one. Undefined if they did not come in time.
 */
async function paceSince(
  context: ScenarioContext,
  startedAt: number,
  orders: number,
): Promise<Pick<Pace, "allowedPerSecond" | "charges" | "seconds"> | undefined> {
  const { payments } = context;
  const deadline = Date.now() + FINAL_WITHIN_MS + lineMs(context);
  while (payments?.chargeTimes && Date.now() < deadline) {
    const times = (await payments.chargeTimes()).filter((time) => time >= startedAt);
    const [first, last] = [times[0], times[orders - 1]];
    if (first !== undefined && last !== undefined) {
      const { perSecond: allowedPerSecond = 0 } = payments;
      return { allowedPerSecond, charges: orders, seconds: (last - first) / 1_000 };
    }
    await pause(LOOK_MS);
  }
  return undefined;
}

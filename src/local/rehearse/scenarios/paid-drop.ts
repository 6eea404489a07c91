// A drop of paid orders that come much faster than the provider takes payments, with free orders beside them. All settle, at
// the pace that is allowed. Free orders are timed alone and while the paid ones wait in line: these two must not differ. Any
// rush slows one machine down, so they are also timed during a rush of orders that nobody pays, and during the rush of paid
// ones. These two must not differ either: in both, as many buyers look at their orders again and again, so the payments are all
// that sets the rushes apart.
import { setTimeout as pause } from "node:timers/promises";
import { forEachConcurrently } from "../concurrency.ts";
import type { Pace } from "../recorder.ts";
import type { Buyer, Scenario, ScenarioContext } from "../scenario.ts";
import { FINAL_WITHIN_MS, lineMs, waitUntilFinal } from "../wait-until-final.ts";
import { arrive, medianUntilConfirmed, place } from "./crowd-beside.ts";
import { openNow } from "./hours.ts";
import { cancel, untilPaymentIs } from "./order-actions.ts";
import { looks, type PaymentPattern, payOrCancel } from "./payment-pattern.ts";

/** Arrivals of a crowd: 3,000 come in ten seconds. */
const PER_SECOND = 300;
const HOLD_SECONDS = 60;
const LOOK_MS = 250;
const CANCEL_AT_ONCE = 16;

const CROWDS = ["paid", "unpaid"] as const;
/** Groups of buyers whose free orders are timed. */
const TIMED = ["alone", "beside-unpaid", "beside-paid", "in-line"] as const;
/** Each crowd and each group has a SKU of its own. */
const SKUS = [...CROWDS, ...TIMED];
const isCrowd = (name: string) => CROWDS.some((crowd) => crowd === name);
/** Of 13 buyers six pay, six order without paying, and one is timed. */
const CYCLE = 13;
const PAID_IN_CYCLE = 6;

/** One buyer in four has a card that takes more than one try, or more time. */
const PATTERNS: PaymentPattern[] = [
  { method: "declined", next: "good" },
  { method: "asks", answers: "yes" },
  { method: "fails once" },
  { method: "charges, answer lost" },
  { method: "slow" },
  ...Array<PaymentPattern>(15).fill({ method: "good" }),
];

const patternOf = (nth: number) => PATTERNS[nth % PATTERNS.length] as PaymentPattern;

export const paidDrop: Scenario = {
  name: "paid-drop",
  plan({ now, buyerCount, knowsPace }) {
    const terms = { stock: buyerCount, perUserLimit: 1, holdSeconds: HOLD_SECONDS };
    const skus = SKUS.map((name) => ({
      ...{ name, unitPrice: { amount: isCrowd(name) ? 12_000 : 0, currency: "USD" } },
      ...terms,
    }));
    return knowsPace ? { ...openNow(now), skus } : undefined;
  },
  buyerCount: (buyers) => Math.ceil((buyers * CYCLE) / PAID_IN_CYCLE),
  skuOf(nth) {
    const inCycle = nth % CYCLE;
    return inCycle > 0
      ? inCycle % CROWDS.length
      : CROWDS.length + (Math.floor(nth / CYCLE) % TIMED.length);
  },
  async run(context, buyers) {
    const of = (name: (typeof SKUS)[number]) => buyers.filter(({ sku }) => sku.name === name);
    const paying = of("paid");
    const seconds = paying.length / PER_SECOND;
    const timed = (group: (typeof TIMED)[number]) =>
      medianUntilConfirmed(context, of(group), seconds);
    const aloneMs = await timed("alone");
    const [besideUnpaidMs] = await Promise.all([
      timed("beside-unpaid"),
      leaveUnpaid(context, of("unpaid"), seconds),
    ]);
    await Promise.all(context.skus.map((sku) => waitUntilFinal(context, sku, { held: 0 })));
    const startedAt = Date.now();
    const [free] = await Promise.all([
      timed("beside-paid").then(async (besidePaidMs) => ({
        ...{ aloneMs, besideUnpaidMs, besidePaidMs },
        inLineMs: await timed("in-line"),
      })),
      arrive(context, paying, seconds, (buyer, dueAt, nth) => pay(context, buyer, dueAt, nth)),
    ]);
    const pace = await paceSince(context, startedAt, paying.length);
    if (pace) context.recorder.pace = { ...pace, free };
  },
};

/** A rush of orders that nobody pays. The buyers look at them as those of the paid orders do. In the end they cancel. */
async function leaveUnpaid(
  context: ScenarioContext,
  buyers: Buyer[],
  seconds: number,
): Promise<void> {
  const placed: [buyer: Buyer, id: string][] = [];
  const looking: Promise<boolean>[] = [];
  await arrive(context, buyers, seconds, async (buyer, dueAt, nth) => {
    const id = await place(context, buyer, dueAt);
    if (id === undefined) return;
    placed.push([buyer, id]);
    if (looks(patternOf(nth))) looking.push(untilPaymentIs(context, buyer, id, ["declined"]));
  });
  await forEachConcurrently(CANCEL_AT_ONCE, placed, async ([buyer, id]) => {
    await cancel(context, buyer, id);
  });
  await Promise.all(looking);
}

/** Orders, and pays in the way of the buyer's pattern. */
async function pay(
  context: ScenarioContext,
  buyer: Buyer,
  dueAt: number,
  nth: number,
): Promise<void> {
  const pattern = patternOf(nth);
  const id = await place(context, buyer, dueAt, pattern.method);
  if (id !== undefined) await payOrCancel(context, buyer, pattern, id);
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

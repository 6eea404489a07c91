// Whole drops of paid orders in simulated time: the line, the pace and the runners together, against a provider that takes
// 300 ms to create a payment and 900 ms to confirm it.
import fc from "fast-check";
import TinyQueue from "tinyqueue";
import { expect, test } from "vitest";
import { retryDelaySeconds } from "../../src/orders/delivery.ts";
import { RunnerPool } from "../../src/orders/runner-pool.ts";
import { type LineEntry, PaymentLine } from "../../src/payments/payment-line.ts";
import { RateSchedule } from "../../src/payments/rate-schedule.ts";

const RATE = 20;
const [CREATE_MS, CONFIRM_MS, REQUEST_LIMIT_MS] = [300, 900, 3_000];
/** As `PAYMENTS_AT_ONCE`, which only workerd can import. */
const PLACES = 5;

interface Drop {
  orders: number;
  /** Whether the first try of order `nth` gets no answer. */
  hangs?(nth: number): boolean;
  /** How late timers fire, in turn. Milliseconds. */
  lateness?: number[];
}

/** Runs a drop as the scheduler does. Returns when each try started, and when each order was settled. Milliseconds. */
function runDrop({ orders, hangs = () => false, lateness = [0] }: Drop) {
  const [line, schedule] = [new PaymentLine(), new RateSchedule(RATE)];
  const runners = new RunnerPool(PLACES);
  const events = new TinyQueue<{ at: number; work(): void }>([], (a, b) => a.at - b.at);
  const starts: { nth: number; at: number }[] = [];
  const settled: number[] = [];
  let [now, timer] = [0, 0];

  const after = (ms: number, work: () => void) => events.push({ at: now + ms, work });
  const startDue = () => {
    timer += 1;
    while (line.length > 0 && runners.hasFree) {
      const delay = schedule.delay(now);
      if (delay > 0) {
        const mine = timer;
        const late = lateness[starts.length % lateness.length] ?? 0;
        after(Math.ceil(delay) + late, () => mine === timer && startDue());
        return;
      }
      schedule.start(now);
      run(line.take() as LineEntry);
    }
  };
  const run = (entry: LineEntry) => {
    const nth = Number(entry.message.orderId);
    starts.push({ nth, at: now });
    const runner = runners.take();
    const isLost = entry.tries === 0 && hangs(nth);
    after(CREATE_MS + (isLost ? REQUEST_LIMIT_MS : CONFIRM_MS), () => {
      runners.free(runner);
      if (isLost) {
        line.rest(entry);
        after(retryDelaySeconds(entry.tries) * 1_000, () => {
          line.wake(entry);
          startDue();
        });
      } else {
        line.done(entry);
        settled[nth] = now;
      }
      startDue();
    });
  };

  for (let nth = 0; nth < orders; nth += 1) {
    line.add({ v: 1, skuId: "sku", lane: 0, userId: "ann", orderId: `${nth}`, version: 1 }, 0);
  }
  startDue();
  for (let event = events.pop(); event; event = events.pop()) {
    now = event.at;
    event.work();
  }
  return { starts, settled };
}

/** The share of the allowed pace that the tries used. */
const shareOf = (starts: { at: number }[]): number =>
  (starts.length * 1_000) / RATE / (starts.at(-1)?.at ?? 0);

test("settles 3,000 orders at the allowed pace, and never faster", () => {
  const { starts, settled } = runDrop({ orders: 3_000 });

  expect(starts).toHaveLength(3_000);
  expect(Object.keys(settled)).toHaveLength(3_000);
  expect(shareOf(starts)).toBeGreaterThan(0.99);
  // Each try makes one request to each of two endpoints, so this is the busiest second of both.
  const busiest = starts.map(
    ({ at }, i) => starts.findIndex((other) => other.at >= at + 1_000) - i,
  );
  expect(Math.max(...busiest)).toBeLessThanOrEqual(RATE);
});

test("keeps nine tenths of the pace although timers are late", () => {
  const late = fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(late, (lateness) => {
      expect(shareOf(runDrop({ orders: 400, lateness }).starts)).toBeGreaterThan(0.9);
    }),
    { numRuns: 50 },
  );
});

test("spends one more start on a card that hangs, and lets no other card wait for its answer", () => {
  const orders = 1_500;
  const hangs = (nth: number) => nth % 100 === 50;
  const alone = runDrop({ orders });
  const { starts, settled } = runDrop({ orders, hangs });

  expect(starts).toHaveLength(orders + 15);
  // The last card that hangs has its second try when the line is empty.
  expect(shareOf(starts)).toBeGreaterThan(0.95);
  for (let nth = 0; nth < orders; nth += 1) {
    const waited = (settled[nth] as number) - (alone.settled[nth] as number);
    // A good card waits for the starts of the second tries before it. A card that hangs: for its own second try.
    expect(waited).toBeLessThanOrEqual(hangs(nth) ? 7_000 : (15 * 1_000) / RATE + 100);
  }
});

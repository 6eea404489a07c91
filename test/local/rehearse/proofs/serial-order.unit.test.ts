// The check that units were sold as if requests came one after the other: it agrees with trying every order, accepts what a
// correct shop does, and finds a planted double sale and a stale refusal.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Change, SerialOrders } from "../../../../src/local/rehearse/proofs/serial-order.ts";

const one = (from: number, to: number): Change => ({ units: 1, from, to });

/** Whether some order of the changes fits, and the moments at which nothing can be free. Tries every order. */
function tryAll(free: number, takes: Change[], returns: Change[]) {
  const all = [
    ...takes.map((change) => ({ ...change, by: -1 })),
    ...returns.map((change) => ({ ...change, by: 1 })),
  ];
  let fits = false;
  /** Pairs of moments within which no unit was free in one of the orders. */
  const dry: [number, number][] = [];
  const go = (left: typeof all, now: number, count: number, dryNow: [number, number][]) => {
    // Until the next change happens, which may be as late as the first deadline.
    const latest = Math.min(...left.map(({ to }) => to));
    const seen = count === 0 ? [...dryNow, [now, latest] as [number, number]] : dryNow;
    if (left.length === 0) {
      fits = true;
      dry.push(...seen);
    }
    for (const next of left) {
      const at = Math.max(now, next.from);
      if (at > latest || count + next.by < 0) continue;
      go(
        left.filter((other) => other !== next),
        at,
        count + next.by,
        seen,
      );
    }
  };
  go(all, Number.NEGATIVE_INFINITY, free, []);
  return {
    fits,
    isDryAt: (from: number, to: number) => dry.some(([a, b]) => a <= to && b >= from),
  };
}

const interval = fc
  .record({ from: fc.nat(12), length: fc.nat(6) })
  .map(({ from, length }) => one(from, from + length));

test("decides as trying every order of the requests does", () => {
  const history = fc.record({
    free: fc.nat(2),
    takes: fc.array(interval, { maxLength: 4 }),
    returns: fc.array(interval, { maxLength: 2 }),
    refused: interval,
  });
  const check = fc.property(history, ({ free, takes, returns, refused }) => {
    const brute = tryAll(free, takes, returns);
    const orders = new SerialOrders({ free, takes, returns });
    expect(orders.oversold === 0).toBe(brute.fits);
    if (!brute.fits) return;
    expect(orders.canBeShort(1, refused.from, refused.to)).toBe(
      brute.isDryAt(refused.from, refused.to),
    );
  });
  fc.assert(check, { numRuns: 3_000 });
});

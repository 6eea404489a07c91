// How often edges ask what has changed, for any sales at any time.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BRISK, briskSpans, CALM, rhythmAt } from "../../src/catalog/rhythm.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-12-01T09:00:00Z");

type Timed = Parameters<typeof briskSpans>[0][number];
const iso = (time: number) => new Date(time).toISOString();
const aSale = (opensAt: number, closesAt: number, registrationOpensAt?: number): Timed => ({
  opensAt: iso(opensAt),
  closesAt: iso(closesAt),
  admission:
    registrationOpensAt === undefined
      ? { mode: "open" }
      : {
          mode: "queue",
          ratePerSecond: 50,
          registrationOpensAt: iso(registrationOpensAt),
          registrationClosesAt: iso(opensAt),
        },
});

/** Minutes after `START`. */
const minutes = fc.integer({ min: -2_000, max: 2_000 });
const sales = fc.array(
  fc
    .tuple(minutes, fc.integer({ min: 1, max: 900 }), fc.option(fc.integer({ min: 1, max: 300 })))
    .map(([opens, length, before]) => {
      const opensAt = START + opens * MINUTE;
      const registration = before === null ? undefined : opensAt - before * MINUTE;
      return aSale(opensAt, opensAt + length * MINUTE, registration);
    }),
  { maxLength: 12 },
);

describe("the rhythm", () => {
  test("is brisk exactly from ten minutes before people come until ten minutes after the close", () => {
    fc.assert(
      fc.property(sales, fc.integer({ min: -2_500, max: 3_500 }), (all, at) => {
        const now = START + at * MINUTE;
        const isAround = all.some(({ opensAt, closesAt, admission }) => {
          const comeAt =
            admission.mode === "open" ? opensAt : (admission.registrationOpensAt as string);
          return (
            now >= Date.parse(comeAt) - 10 * MINUTE && now < Date.parse(closesAt) + 10 * MINUTE
          );
        });
        expect(rhythmAt(briskSpans(all), now)).toBe(isAround ? BRISK : CALM);
      }),
      { numRuns: 1_000 },
    );
  });

  test("starts a quarter of an hour earlier for a line without times of its own", () => {
    const { opensAt, closesAt } = aSale(START, START + 60 * MINUTE);
    const line = { mode: "queue", ratePerSecond: 50 } as const;
    const spans = briskSpans([{ opensAt, closesAt, admission: line }]);
    expect(rhythmAt(spans, START - 25 * MINUTE)).toBe(BRISK);
    expect(rhythmAt(spans, START - 25 * MINUTE - 1)).toBe(CALM);
  });

  test("leaves nothing old when the time around a sale begins, however long nobody asked", () => {
    fc.assert(
      fc.property(sales, fc.array(fc.nat(4_000_000), { maxLength: 40 }), (all, pauses) => {
        const spans = briskSpans(all);
        let [now, readAt] = [START - 2_500 * MINUTE, Number.NEGATIVE_INFINITY];
        for (const pause of pauses) {
          now += pause;
          // A request waits for a reading beyond this age, and gets the held one otherwise.
          if (now - readAt > rhythmAt(spans, now).revalidateMs) readAt = now;
          const around = spans.some(([from, to]) => now >= from && now < to);
          expect(now - readAt).toBeLessThanOrEqual(around ? 1_750 : 60_750);
        }
      }),
    );
  });

  test("costs a colo at most one command in twenty seconds while nothing is on", () => {
    // The lifetime of a reading is up to a quarter shorter.
    expect(1 / (0.75 * (CALM.freshMs / 1_000))).toBeLessThan(0.05);
  });
});

// What a person who waits is told: people ahead, time to wait, when to look again.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PublicLine } from "../../src/admission/public-line.ts";
import {
  etaSeconds,
  isReachable,
  numberInLine,
  peopleAhead,
  pollAfter,
} from "../../src/admission/standing.ts";

const OPENS_AT = Date.UTC(2026, 11, 1, 9);

const waitingLine = (change: Partial<PublicLine> = {}): PublicLine => ({
  asOf: new Date(OPENS_AT + 60_000).toISOString(),
  mode: "queue",
  opensAt: new Date(OPENS_AT).toISOString(),
  registrationOpensAt: new Date(OPENS_AT - 900_000).toISOString(),
  registrationClosesAt: new Date(OPENS_AT).toISOString(),
  frontier: 0.25,
  registered: 1_100,
  waiting: 850,
  admittedPerSecond: 10,
  ratePerSecond: 20,
  arrivals: [
    [0, 0],
    [1, 1_000],
    [61, 1_100],
  ],
  paused: false,
  over: false,
  mayReturn: false,
  notice: null,
  pollSeconds: 2,
  soonestEndSeconds: 3_600,
  historyHash: "0".repeat(64),
  ...change,
});

const place = fc.double({ min: 0, max: 200, noNaN: true });
const line = fc
  .record({
    frontier: place,
    late: fc.uniqueArray(fc.double({ min: 1.001, max: 200, noNaN: true }), { maxLength: 20 }),
    counts: fc.array(fc.nat(10_000), { minLength: 21, maxLength: 21 }),
    admittedPerSecond: fc.constantFrom(0, 0.3, 20, 900),
    ratePerSecond: fc.constantFrom(0.1, 50, 1_000),
  })
  .map(({ late, counts, ...rest }) => {
    let people = 0;
    const points = [1, ...late.toSorted((a, b) => a - b)];
    const arrivals = points.map((point, index): [number, number] => {
      people += counts[index] as number;
      return [point, people];
    });
    return waitingLine({ ...rest, arrivals: [[0, 0], ...arrivals] });
  });

test("people ahead are never negative, and never fewer for a later place", () => {
  fc.assert(
    fc.property(line, place, place, (shown, a, b) => {
      const ahead = peopleAhead(shown, Math.min(a, b));
      expect(ahead).toBeGreaterThanOrEqual(0);
      expect(peopleAhead(shown, Math.max(a, b))).toBeGreaterThanOrEqual(ahead);
    }),
  );
});

test("the wait is a range, never negative, and never shorter for a later place", () => {
  fc.assert(
    fc.property(line, place, place, (shown, a, b) => {
      const [low, high] = etaSeconds(shown, Math.min(a, b)) as [number, number];
      const [laterLow, laterHigh] = etaSeconds(shown, Math.max(a, b)) as [number, number];
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeGreaterThanOrEqual(low);
      expect(laterLow).toBeGreaterThanOrEqual(low);
      expect(laterHigh).toBeGreaterThanOrEqual(high);
    }),
  );
});

test("half of the early people are ahead of a place three quarters in, from a frontier at one quarter", () => {
  expect(peopleAhead(waitingLine(), 0.75)).toBe(500);
});

test("people who arrived late are counted from the early ones on", () => {
  expect(peopleAhead(waitingLine(), 31)).toBe(800);
});

test("the wait follows from the measured and the set rate", () => {
  expect(etaSeconds(waitingLine(), 0.75)).toEqual([25, 63]);
  expect(etaSeconds(waitingLine(), 0.2)).toEqual([0, 0]);
});

test("nobody can say how long a line takes that is paused, over, or longer than the stock", () => {
  expect(etaSeconds(waitingLine({ paused: true }), 0.75)).toBeNull();
  expect(etaSeconds(waitingLine({ over: true }), 0.75)).toBeNull();
  expect(etaSeconds(waitingLine(), 0.75, 250)).toBeNull();
  expect(isReachable(waitingLine(), 0.75, 250)).toBe(false);
  expect(isReachable(waitingLine(), 0.75, 251)).toBe(true);
});

test("the wait before the opening includes the time until then", () => {
  const asOf = new Date(OPENS_AT - 100_000).toISOString();
  const early = waitingLine({ asOf, frontier: 0, admittedPerSecond: 0 });
  expect(etaSeconds(early, 0.5)).toEqual([125, 132]);
});

test("whoever is farther away looks less often, within the bounds", () => {
  fc.assert(
    fc.property(line, place, fc.double({ min: 0, max: 0.999, noNaN: true }), (shown, p, random) => {
      const seconds = pollAfter(shown, p, OPENS_AT + 60_000, random);
      expect(seconds).toBeGreaterThanOrEqual(shown.pollSeconds);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(pollAfter(shown, p + 1, OPENS_AT + 60_000, random)).toBeGreaterThanOrEqual(seconds);
    }),
  );
});

test("the first looks after the opening are spread over ten seconds", () => {
  const now = OPENS_AT - 20_000;
  expect(pollAfter(waitingLine(), null, now, 0)).toBe(20);
  expect(pollAfter(waitingLine(), null, now, 0.5)).toBe(25);
});

test("a number in line is between the first and the last, and never smaller for a later place", () => {
  fc.assert(
    fc.property(line, place, place, (shown, a, b) => {
      const everybody = shown.arrivals.at(-1)?.[1] ?? 0;
      const { number } = numberInLine(shown, Math.min(a, b));
      expect(number).toBeGreaterThanOrEqual(1);
      expect(number).toBeLessThanOrEqual(everybody + 1);
      expect(numberInLine(shown, Math.max(a, b)).number).toBeGreaterThanOrEqual(number);
    }),
  );
});

test("a number in line is exact where each arrival has a point of its own", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 90 }),
      fc.nat(5_000),
      fc.nat(),
      (seconds, early, pick) => {
        const late = seconds.toSorted((a, b) => a - b);
        const at = pick % late.length;
        const points = late.map((second, index): [number, number] => [
          1 + second,
          early + index + 1,
        ]);
        const arrivals: PublicLine["arrivals"] = [[0, 0], [1, early], ...points];
        const own = 1 + (late[at] as number) - 0.0005;
        expect(numberInLine({ arrivals }, own)).toEqual({ number: early + at + 1, isExact: true });
      },
    ),
  );
});

test("a number in line is an estimate among early people, and until one's own arrival was counted", () => {
  const { arrivals } = waitingLine();
  expect(numberInLine({ arrivals }, 0.5)).toEqual({ number: 500, isExact: false });
  expect(numberInLine({ arrivals }, 70)).toEqual({ number: 1_101, isExact: false });
  const alone: PublicLine["arrivals"] = [
    [0, 0],
    [1, 1],
  ];
  expect(numberInLine({ arrivals: alone }, 0.9)).toEqual({ number: 1, isExact: true });
});

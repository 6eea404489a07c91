// The simulation keeps the promises that the real system keeps, and answers the same when it is asked again.
import fc from "fast-check";
import { expect, test } from "vitest";
import { PLATFORM } from "../../../src/local/simulate/limits.ts";
import { type Outcome, simulate } from "../../../src/local/simulate/simulate.ts";
import { ordersPerSecond } from "../../../src/local/simulate/summary.ts";
import type { Scenario } from "../../../src/local/simulate/world.ts";

const scenario: Scenario = {
  ...{ people: 20_000, stock: 2_000, colos: 20, lanes: 1, seconds: 10 },
  ...{ isPaid: false, comesBack: 0, seed: 1 },
};

const scenarios = fc.record({
  people: fc.integer({ min: 1, max: 5_000 }),
  stock: fc.integer({ min: 1, max: 3_000 }),
  colos: fc.integer({ min: 1, max: 40 }),
  lanes: fc.integer({ min: 1, max: 64 }),
  seconds: fc.integer({ min: 1, max: 30 }),
  isPaid: fc.boolean(),
  comesBack: fc.constantFrom(0, 0.25),
  seed: fc.nat(),
});

/** People with a last answer, by what it was. A buyer who comes back has two answers. */
const answered = ({ tally }: Outcome): number =>
  tally.accepted + (tally.refusals.get("sold_out") ?? 0) + tally.toldByPage;

test("units sold are the stock or the demand, whichever is less, and everybody gets one last answer", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (given) => {
      const outcome = await simulate(given, PLATFORM);
      const expected = Math.min(given.stock, given.people);
      expect(outcome.tally.accepted).toBe(expected);
      expect(outcome.sold).toBe(expected);
      expect(answered(outcome)).toBe(given.people);
      const orders = outcome.tally.ordersPerSecond.reduce((sum, count) => sum + count, 0);
      expect(orders).toBe(expected);
      expect(outcome.tally.queueOperations).toBe((given.isPaid ? 6 : 3) * expected);
    }),
    { numRuns: 40 },
  );
});

test("a sale with a line sells everything, and nobody is refused because the object is overloaded", async () => {
  const outcome = await simulate({ ...scenario, linePerSecond: 300 }, PLATFORM);
  expect(outcome.sold).toBe(scenario.stock);
  expect(outcome.tally.refusals.get("overloaded")).toBeUndefined();
});

test("nobody who comes back for a second unit gets one", async () => {
  const { sold, tally } = await simulate({ ...scenario, comesBack: 0.25 }, PLATFORM);
  expect(sold).toBe(scenario.stock);
  expect(tally.refusals.get("user_limit_reached")).toBe(scenario.stock / 4);
});

test("the same seed gives the same outcome, and another one another", async () => {
  const run = async (seed: number) => {
    const { tally, redis } = await simulate({ ...scenario, lanes: 3, seed }, PLATFORM);
    return { tally, redis };
  };
  expect(await run(1)).toEqual(await run(1));
  expect(await run(2)).not.toEqual(await run(1));
});

test("an object that can do twice as much never makes a sale end later", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 20, max: 1_000 }),
      fc.nat(),
      async (objectPerSecond, seed) => {
        const soldOutAfter = async (limit: number) => {
          const limits = { ...PLATFORM, objectPerSecond: limit };
          return (await simulate({ ...scenario, seed }, limits)).tally.soldOutAt;
        };
        const one = await soldOutAfter(objectPerSecond);
        const twice = await soldOutAfter(2 * objectPerSecond);
        expect(twice).toBeLessThanOrEqual(one as number);
      },
    ),
    { numRuns: 20 },
  );
});

test("sixteen lanes sell at least 5,000 orders a second, and one lane less than its object can do", async () => {
  const crowd = { ...scenario, people: 400_000, stock: 60_000, colos: 50 };
  const sixteen = await simulate({ ...crowd, lanes: 16 }, PLATFORM);
  expect(ordersPerSecond(sixteen)).toBeGreaterThan(5_000);
  const one = await simulate({ ...crowd, stock: 4_000 }, PLATFORM);
  expect(ordersPerSecond(one)).toBeLessThanOrEqual(PLATFORM.objectPerSecond);
});

test("payments start at no more than their pace, and those beyond half an hour are counted", async () => {
  const { provider, tally } = await simulate(
    { ...scenario, isPaid: true, stock: 2_000 },
    { ...PLATFORM, paymentsPerSecond: 1 },
  );
  expect(Math.max(...provider.done)).toBeLessThanOrEqual(1);
  expect(tally.latePayments).toBeGreaterThan(0);
  expect(tally.latePayments).toBeLessThan(300);
});

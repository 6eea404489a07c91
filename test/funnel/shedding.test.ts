// Load shedding: a growing share of new attempts is refused for the one SKU whose object is overloaded, until the
// object recovers.
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { randomRetrySeconds, SLOW_MS, shareAt } from "../../src/funnel/decide-shed.ts";
import { recordLoad } from "../../src/funnel/shedding.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { givenClock } from "../support/clock.ts";
import { type Answer, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, tally, until } from "../support/shop.ts";
import { aMoment, attempt, givenSale, type Scene } from "./scene.ts";

beforeAll(emptyRedis);
beforeEach(() => void captureQueue());

const sheds = fc.record({
  share: fc.double({ min: 0, max: 0.9, noNaN: true }),
  at: fc.nat(1_000_000),
});

test("the share only falls with time, halves every four seconds, and is below 1% after half a minute", () => {
  fc.assert(
    fc.property(sheds, fc.nat(100_000), fc.nat(100_000), (shed, sooner, more) => {
      const early = shareAt(shed, shed.at + sooner);
      expect(early).toBeLessThanOrEqual(shed.share);
      expect(early).toBeGreaterThanOrEqual(0);
      expect(shareAt(shed, shed.at + sooner + more)).toBeLessThanOrEqual(early);
      expect(shareAt(shed, shed.at + 4_000)).toBeCloseTo(shed.share / 2);
      expect(shareAt(shed, shed.at + 30_000)).toBeLessThan(0.01);
      // Setting the clock back changes nothing.
      expect(shareAt(shed, shed.at - sooner)).toBe(shed.share);
    }),
  );
});

test("refused attempts get an evenly spread Retry-After of 2 to 9 seconds", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
      expect([2, 3, 4, 5, 6, 7, 8, 9]).toContain(randomRetrySeconds(random));
    }),
  );
  const all = Array.from({ length: 8 }, (_, i) => randomRetrySeconds(i / 8));
  expect(all).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

/** Given an object that throws the runtime's overload error. Returns a function that counts its calls. */
function overloaded(skuId: string): () => number {
  let calls = 0;
  const find = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY, "getByName").mockImplementation((name, options) => {
    if (name !== skuId) return find(name, options);
    const reserve = async () => {
      calls += 1;
      throw Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
    };
    return { reserve } as unknown as ReturnType<typeof find>;
  });
  onTestFinished(() => spy.mockRestore());
  return () => calls;
}

/** Makes attempts, with random numbers spread evenly from 0 to 1. */
async function attempts(sale: Scene, count: number): Promise<Answer[]> {
  let dice = 0;
  const spy = vi.spyOn(Math, "random").mockImplementation(() => {
    dice = (dice + 0.618_034) % 1;
    return dice;
  });
  try {
    const buyer = await aBuyer();
    const answers: Answer[] = [];
    for (let i = 0; i < count; i += 1) answers.push(await attempt(buyer, sale));
    return answers;
  } finally {
    spy.mockRestore();
  }
}

test("calls an overloaded object less and less, other objects as before, and stops shedding later", async () => {
  const start = aMoment();
  const clock = givenClock(start);
  const [sale, other] = [await givenSale(), await givenSale()];
  const calls = overloaded(sale.skuId);

  const answers = await attempts(sale, 30);

  expect(tally(answers)).toEqual({ overloaded: 30 });
  expect(answers.flatMap(contractFaults)).toEqual([]);
  const waits = answers.map(({ headers }) => Number(headers.get("retry-after")));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(2);
  expect(new Set(waits).size).toBeGreaterThan(3);
  // No retries, and fewer and fewer calls.
  expect(calls()).toBeLessThan(20);
  expect(tally(await attempts(other, 10))).toEqual({ 202: 10 });

  vi.mocked(env.SKU_INVENTORY.getByName).mockRestore();
  const shedStill = tally(await attempts(sale, 10)).overloaded ?? 0;
  expect(shedStill).toBeGreaterThan(0);
  clock.moveTo(start + 60_000);
  expect(tally(await attempts(sale, 10))).toEqual({ 202: 10 });
});

test("treats an object as overloaded while the oldest call waits too long", async () => {
  const clock = givenClock(aMoment());
  const [sale, other] = [await givenSale(), await givenSale()];
  let [calls, released] = [0, false];
  const reserve = async () => {
    calls += 1;
    while (!released) await scheduler.wait(10);
    throw Object.assign(new Error("gone"), { overloaded: true });
  };
  const find = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY, "getByName").mockImplementation((name, options) => {
    if (name !== sale.skuId) return find(name, options);
    return { reserve } as unknown as ReturnType<typeof find>;
  });
  onTestFinished(() => spy.mockRestore());
  const waiting = attempt(await aBuyer(), sale);
  await until("it waits", () => calls === 1);
  const dice = vi.spyOn(Math, "random").mockReturnValue(0.05);
  onTestFinished(() => dice.mockRestore());

  clock.moveTo(Date.now() + SLOW_MS + 1);

  expect((await attempt(await aBuyer(), sale)).code).toBe("overloaded");
  expect((await attempt(await aBuyer(), other)).status).toBe(202);
  released = true;
  expect((await waiting).code).toBe("overloaded");
});

test("treats an object as overloaded after a slow answer", async () => {
  const start = aMoment();
  const clock = givenClock(start);
  const sale = await givenSale();
  const reserve = SkuInventory.prototype.reserve;
  const spy = vi.spyOn(SkuInventory.prototype, "reserve").mockImplementation(function (
    this: SkuInventory,
    command,
  ) {
    clock.moveTo(Date.now() + SLOW_MS + 1);
    return reserve.call(this, command);
  });
  onTestFinished(() => spy.mockRestore());

  const slow = await attempts(sale, 1);
  recordLoad(sale.skuId, "fine", Date.now()); // one fast answer is not enough
  spy.mockRestore();
  const dice = vi.spyOn(Math, "random").mockReturnValue(0.05);
  onTestFinished(() => dice.mockRestore());

  expect(tally(slow)).toEqual({ 202: 1 });
  expect(tally([await attempt(await aBuyer(), sale)])).toEqual({ overloaded: 1 });
});

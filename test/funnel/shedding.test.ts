// Overload: a growing share of new attempts is turned away for the one SKU whose object cannot cope, and
// comes back by itself.
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { randomRetrySeconds, recordLoad, SLOW_MS, shareAt } from "../../src/funnel/shedding.ts";
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

test("a share only ever falls with time, halves every four seconds, and is gone in half a minute", () => {
  fc.assert(
    fc.property(sheds, fc.nat(100_000), fc.nat(100_000), (shed, sooner, more) => {
      const early = shareAt(shed, shed.at + sooner);
      expect(early).toBeLessThanOrEqual(shed.share);
      expect(early).toBeGreaterThanOrEqual(0);
      expect(shareAt(shed, shed.at + sooner + more)).toBeLessThanOrEqual(early);
      expect(shareAt(shed, shed.at + 4_000)).toBeCloseTo(shed.share / 2);
      expect(shareAt(shed, shed.at + 30_000)).toBeLessThan(0.01);
      // A clock that was set back changes nothing.
      expect(shareAt(shed, shed.at - sooner)).toBe(shed.share);
    }),
  );
});

test("those turned away are told to come back after 2 to 9 seconds, spread", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
      expect([2, 3, 4, 5, 6, 7, 8, 9]).toContain(randomRetrySeconds(random));
    }),
  );
  const all = Array.from({ length: 8 }, (_, i) => randomRetrySeconds(i / 8));
  expect(all).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

/** Given an object that is overloaded, as the runtime says it. Returns how often it was asked. */
function overloaded(skuId: string): () => number {
  let asked = 0;
  const find = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY, "getByName").mockImplementation((name, options) => {
    if (name !== skuId) return find(name, options);
    const reserve = async () => {
      asked += 1;
      throw Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
    };
    return { reserve } as unknown as ReturnType<typeof find>;
  });
  onTestFinished(() => spy.mockRestore());
  return () => asked;
}

/** Attempts that meet the dice as they fall: evenly from 0 to 1. */
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

test("an overloaded object is asked less and less, others as ever; it recovers by itself", async () => {
  const start = aMoment();
  const clock = givenClock(start);
  const [sale, other] = [await givenSale(), await givenSale()];
  const asked = overloaded(sale.skuId);

  const answers = await attempts(sale, 30);

  expect(tally(answers)).toEqual({ overloaded: 30 });
  expect(answers.flatMap(contractFaults)).toEqual([]);
  const waits = answers.map(({ headers }) => Number(headers.get("retry-after")));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(2);
  expect(new Set(waits).size).toBeGreaterThan(3);
  // No blind retries, and ever fewer questions.
  expect(asked()).toBeLessThan(20);
  expect(tally(await attempts(other, 10))).toEqual({ 202: 10 });

  vi.mocked(env.SKU_INVENTORY.getByName).mockRestore();
  const shedStill = tally(await attempts(sale, 10)).overloaded ?? 0;
  expect(shedStill).toBeGreaterThan(0);
  clock.moveTo(start + 60_000);
  expect(tally(await attempts(sale, 10))).toEqual({ 202: 10 });
});

test("an object that does not answer at all counts as overloaded while the first still waits", async () => {
  const clock = givenClock(aMoment());
  const [sale, other] = [await givenSale(), await givenSale()];
  let [asked, released] = [0, false];
  const reserve = async () => {
    asked += 1;
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
  await until("it waits", () => asked === 1);
  const dice = vi.spyOn(Math, "random").mockReturnValue(0.05);
  onTestFinished(() => dice.mockRestore());

  clock.moveTo(Date.now() + SLOW_MS + 1);

  expect((await attempt(await aBuyer(), sale)).code).toBe("overloaded");
  expect((await attempt(await aBuyer(), other)).status).toBe(202);
  released = true;
  expect((await waiting).code).toBe("overloaded");
});

test("an object that answers too late counts as overloaded", async () => {
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
  recordLoad(sale.skuId, "fine", Date.now()); // one good sign is not enough
  spy.mockRestore();
  const dice = vi.spyOn(Math, "random").mockReturnValue(0.05);
  onTestFinished(() => dice.mockRestore());

  expect(tally(slow)).toEqual({ 202: 1 });
  expect(tally([await attempt(await aBuyer(), sale)])).toEqual({ overloaded: 1 });
});

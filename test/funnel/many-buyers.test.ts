// Sold out to more buyers than fit in a list: nearly all refusals still cost nothing, and every buyer reaches the
// object.
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { Buyers } from "../../src/inventory/buyers.ts";
import { aReservation, inside, putToSleep, sendsNothing } from "../inventory/object.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost, redisIsDown } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  buyers,
  ledger,
  stockPublished,
  tally,
  unique,
  until,
} from "../support/shop.ts";
import { aMoment, attempt, givenSale, type Scene } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(emptyRedis);

type Clock = ReturnType<typeof givenClock>;

const userOf = (i: number) => `early-${i}`;
const keyOf = (i: number) => `key-${i}`;

/** Given a SKU sold out to `count` people, one unit each. The clock stands still. */
async function givenSoldTo(count: number): Promise<{ sale: Scene; clock: Clock }> {
  const clock = givenClock(aMoment());
  const sale = await givenSale({}, { stock: count, perUserLimit: 1 });
  await sendsNothing(sale.skuId);
  await sellTo(sale, 0, count);
  return { sale, clock };
}

/** Sells one unit to each of these users, directly in the object. */
const sellTo = (sale: Scene, from: number, to: number) =>
  inside(sale.skuId, (object) => {
    for (let i = from; i < to; i += 1) {
      const changes = { userId: userOf(i), idempotencyKey: keyOf(i) };
      object.reserve(aReservation(sale.skuId, changes));
    }
  });

async function restock(sale: Scene, quantity: number): Promise<void> {
  const headers = { "idempotency-key": unique("key") };
  await admin("POST", `/skus/${sale.skuId}/restock`, { headers, body: { quantity } });
}

const calls = async ({ skuId }: Scene) => (await ledger(skuId)).activity.calls;

/** Waits until refusing a new caller costs no object call. */
async function edgeHasBuyers(sale: Scene, clock: Clock): Promise<void> {
  await until("the edge has the buyers", async () => {
    clock.moveTo(Date.now() + 3_000);
    await attempt(await aBuyer(), sale);
    const before = await calls(sale);
    await redisCost(async () => attempt(await aBuyer(), sale));
    return (await calls(sale)) === before + 1;
  });
}

/** Makes attempts of callers without an order. Returns the answers and their cost. */
async function attemptsOf(sale: Scene, crowd: Buyer[]) {
  const before = await calls(sale);
  const { result, commands } = await redisCost(() =>
    Promise.all(crowd.map((buyer) => attempt(buyer, sale))),
  );
  return { answers: tally(result), commands, calls: (await calls(sale)) - before - 1 };
}

const heading = async ({ skuId }: Scene) =>
  (await redis<string>("GETRANGE", KEYS.buyersOf(skuId), 0, 12)).split(".").slice(0, 2).join(".");

test("refuses callers without an order at the edge, and recognizes each of 60,000 buyers", async () => {
  const { sale, clock } = await givenSoldTo(60_000);
  await stockPublished(sale.skuId, 0);
  await edgeHasBuyers(sale, clock);

  const crowd = await attemptsOf(sale, await buyers(400));

  expect(crowd.answers).toEqual({ sold_out: 400 });
  expect(crowd.calls).toBeLessThanOrEqual(20); // one in fifty is a false positive of the filter
  expect(crowd.commands).toBeLessThanOrEqual(2 * 20);
  for (const i of [0, 1, 31_999, 59_999]) {
    const buyer = await aBuyer(userOf(i));
    expect(await attempt(buyer, sale)).toMatchObject({ code: "user_limit_reached" });
  }
});

test("lists later buyers beside the filter, and writes a new filter only after many", async () => {
  const { sale, clock } = await givenSoldTo(300);
  await edgeHasBuyers(sale, clock);
  expect(await heading(sale)).toBe("2.300");

  await restock(sale, 10);
  await sellTo(sale, 300, 310);
  await stockPublished(sale.skuId, 0);
  await edgeHasBuyers(sale, clock);

  expect(await heading(sale)).toBe("2.300");
  const late = await aBuyer(userOf(309));
  expect(await attempt(late, sale)).toMatchObject({ code: "user_limit_reached" });

  await restock(sale, 200);
  await sellTo(sale, 310, 510);
  await until("a new filter is written", async () => (await heading(sale)) === "2.510");
  await edgeHasBuyers(sale, clock);
  expect(await attempt(await aBuyer(userOf(500)), sale)).toMatchObject({
    code: "user_limit_reached",
  });
  expect((await attemptsOf(sale, await buyers(100))).calls).toBeLessThanOrEqual(10);
});

test("an object that restarts does not rebuild a filter that Redis has", async () => {
  const { sale, clock } = await givenSoldTo(300);
  await edgeHasBuyers(sale, clock);
  const made = vi.spyOn(Buyers.prototype, "filter");
  onTestFinished(() => made.mockRestore());

  await putToSleep(sale.skuId);
  await edgeHasBuyers(sale, clock);

  expect(made).not.toHaveBeenCalled();
  expect((await attemptsOf(sale, await buyers(100))).calls).toBeLessThanOrEqual(10);
});

test.each([
  ["lost", (key: string) => redis("DEL", key)],
  [
    "truncated",
    async (key: string) => redis("SET", key, (await redis<string>("GET", key)).slice(0, 200)),
  ],
  ["of fewer buyers", (key: string) => redis("SET", key, "2.0.")],
])("loads a filter that is %s in Redis from the object, which writes it again", async (_, harm) => {
  const { sale, clock } = await givenSoldTo(300);
  await stockPublished(sale.skuId, 0);
  await until("it is written", async () => (await heading(sale)) === "2.300");
  const whole = await redis<string>("GET", KEYS.buyersOf(sale.skuId));
  await harm(KEYS.buyersOf(sale.skuId));

  await edgeHasBuyers(sale, clock);

  expect((await attemptsOf(sale, await buyers(100))).calls).toBeLessThanOrEqual(10);
  expect(await attempt(await aBuyer(userOf(7)), sale)).toMatchObject({
    code: "user_limit_reached",
  });
  await until("Redis has it again", async () => {
    return (await redis<string>("GET", KEYS.buyersOf(sale.skuId))) === whole;
  });
});

test("loads the filter from the object while Redis is down", async () => {
  const { sale } = await givenSoldTo(0);
  await restock(sale, 300);
  await redisIsDown();
  await sellTo(sale, 0, 300);

  await until("refusals cost no call", async () => {
    await attempt(await aBuyer(), sale);
    const before = await calls(sale);
    await attempt(await aBuyer(), sale);
    return (await calls(sale)) === before + 1;
  });

  expect(await attempt(await aBuyer(userOf(7)), sale)).toMatchObject({
    code: "user_limit_reached",
  });
});

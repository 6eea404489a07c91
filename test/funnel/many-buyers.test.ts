// Sold out to more buyers than can be told one by one: the crowd of strangers still costs nothing, and every
// buyer gets through.
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

/** Given a SKU that so many people bought, one unit each, until nothing was left. The clock stands still. */
async function givenSoldTo(count: number): Promise<{ sale: Scene; clock: Clock }> {
  const clock = givenClock(aMoment());
  const sale = await givenSale({}, { stock: count, perUserLimit: 1 });
  await sendsNothing(sale.skuId);
  await sellTo(sale, 0, count);
  return { sale, clock };
}

/** Sells a unit each to those with these numbers, in the object itself. */
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

/** Waits until a stranger costs nothing: neither Redis nor the object is asked. */
async function edgeKnows(sale: Scene, clock: Clock): Promise<void> {
  await until("the edge knows the buyers", async () => {
    clock.moveTo(Date.now() + 3_000);
    await attempt(await aBuyer(), sale);
    const before = await calls(sale);
    await redisCost(async () => attempt(await aBuyer(), sale));
    return (await calls(sale)) === before + 1;
  });
}

/** What a crowd of strangers is told, and what it costs. */
async function crowdCosts(sale: Scene, crowd: Buyer[]) {
  const before = await calls(sale);
  const { result, commands } = await redisCost(() =>
    Promise.all(crowd.map((buyer) => attempt(buyer, sale))),
  );
  return { answers: tally(result), commands, calls: (await calls(sale)) - before - 1 };
}

const heading = async ({ skuId }: Scene) =>
  (await redis<string>("GETRANGE", KEYS.buyersOf(skuId), 0, 12)).split(".").slice(0, 2).join(".");

test("a SKU sold to 60,000: a crowd of strangers is refused at the edge, buyers get their orders", async () => {
  const { sale, clock } = await givenSoldTo(60_000);
  await stockPublished(sale.skuId, 0);
  await edgeKnows(sale, clock);

  const crowd = await crowdCosts(sale, await buyers(400));

  expect(crowd.answers).toEqual({ sold_out: 400 });
  expect(crowd.calls).toBeLessThanOrEqual(20); // one in fifty is taken for a buyer
  expect(crowd.commands).toBeLessThanOrEqual(2 * 20);
  for (const i of [0, 1, 31_999, 59_999]) {
    const buyer = await aBuyer(userOf(i));
    expect(await attempt(buyer, sale)).toMatchObject({ code: "user_limit_reached" });
  }
}, 120_000);

test("those who come after the filter are told by name, and it is not written again for them", async () => {
  const { sale, clock } = await givenSoldTo(300);
  await edgeKnows(sale, clock);
  expect(await heading(sale)).toBe("2.300");

  await restock(sale, 10);
  await sellTo(sale, 300, 310);
  await stockPublished(sale.skuId, 0);
  await edgeKnows(sale, clock);

  expect(await heading(sale)).toBe("2.300");
  const late = await aBuyer(userOf(309));
  expect(await attempt(late, sale)).toMatchObject({ code: "user_limit_reached" });

  await restock(sale, 200);
  await sellTo(sale, 310, 510);
  await until("it is written anew", async () => (await heading(sale)) === "2.510");
  await edgeKnows(sale, clock);
  expect(await attempt(await aBuyer(userOf(500)), sale)).toMatchObject({
    code: "user_limit_reached",
  });
  expect((await crowdCosts(sale, await buyers(100))).calls).toBeLessThanOrEqual(10);
});

test("an object that wakes does not make again what Redis has", async () => {
  const { sale, clock } = await givenSoldTo(300);
  await edgeKnows(sale, clock);
  const made = vi.spyOn(Buyers.prototype, "filter");
  onTestFinished(() => made.mockRestore());

  await putToSleep(sale.skuId);
  await edgeKnows(sale, clock);

  expect(made).not.toHaveBeenCalled();
  expect((await crowdCosts(sale, await buyers(100))).calls).toBeLessThanOrEqual(10);
});

test.each([
  ["lost", (key: string) => redis("DEL", key)],
  [
    "cut short",
    async (key: string) => redis("SET", key, (await redis<string>("GET", key)).slice(0, 200)),
  ],
  ["of fewer buyers", (key: string) => redis("SET", key, "2.0.")],
])("a filter that is %s in Redis comes from the object, and is written again", async (_, harm) => {
  const { sale, clock } = await givenSoldTo(300);
  await stockPublished(sale.skuId, 0);
  await until("it is written", async () => (await heading(sale)) === "2.300");
  const whole = await redis<string>("GET", KEYS.buyersOf(sale.skuId));
  await harm(KEYS.buyersOf(sale.skuId));

  await edgeKnows(sale, clock);

  expect((await crowdCosts(sale, await buyers(100))).calls).toBeLessThanOrEqual(10);
  expect(await attempt(await aBuyer(userOf(7)), sale)).toMatchObject({
    code: "user_limit_reached",
  });
  await until("Redis has it again", async () => {
    return (await redis<string>("GET", KEYS.buyersOf(sale.skuId))) === whole;
  });
});

test("while Redis is down the object itself tells the edge", async () => {
  const { sale } = await givenSoldTo(0);
  await restock(sale, 300);
  await redisIsDown();
  await sellTo(sale, 0, 300);

  await until("strangers cost no call", async () => {
    await attempt(await aBuyer(), sale);
    const before = await calls(sale);
    await attempt(await aBuyer(), sale);
    return (await calls(sale)) === before + 1;
  });

  expect(await attempt(await aBuyer(userOf(7)), sale)).toMatchObject({
    code: "user_limit_reached",
  });
});

// A bad value in Redis is logged and written again from its source. It affects neither other values nor the breaker.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import worker from "../../src/index.ts";
import { SoldOutFeed } from "../../src/inventory/sold-out-feed.ts";
import { isAboutValue } from "../../src/redis/bad-values.ts";
import { redisBreakerState } from "../../src/redis/client.ts";
import { saleInRedis } from "../catalog/catalog-copy.ts";
import { attempt, givenSale } from "../funnel/scene.ts";
import { buyersOf } from "../support/buyers.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { emptyRedis, KEYS, readModelOf, redis, redisIsBack } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  type Buyer,
  bought,
  buyers,
  liveStock,
  onSale,
  putSale,
  settled,
  showOrder,
  stockPublished,
  unique,
  until,
} from "../support/shop.ts";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
});

const runScheduled = () => worker.scheduled(createScheduledController(), env);
const listOf = async (buyer: Buyer) => {
  const { body } = await call<{ orders: { id: string }[]; incomplete?: true }>(
    "GET",
    "/api/orders",
    { token: buyer.token },
  );
  return { ids: body.orders.map(({ id }) => id), incomplete: body.incomplete };
};

function givenLog(): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

describe("a user's orders as a key of another type", () => {
  test("do not delay the other orders of a batch, and are restored", async () => {
    const queue = captureQueue();
    const skuId = await onSale({ stock: 31 });
    const poison = await aBuyer();
    const crowd = [poison, ...(await buyers(30))];
    await redis("SET", KEYS.ordersOf(poison.id), "x");
    for (const buyer of crowd) await bought(buyer, skuId);
    const lines = givenLog();

    const { acked } = await deliver(await takeMessages(queue, skuId, 31));

    expect(acked).toHaveLength(31);
    for (const { id } of crowd) {
      expect(await readModelOf(id)).toMatchObject([{ status: "confirmed" }]);
    }
    expect(lines.join("\n")).toContain("redis.bad_value");
    expect(lines.join("\n")).not.toContain(poison.id);
  });

  test.each(["SET", "LPUSH", "SADD"])(
    "made by %s never open the breaker, however often they are read",
    async (command) => {
      const skuId = await onSale();
      const buyer = await aBuyer();
      const { id } = await bought(buyer, skuId);
      await settled(skuId);
      for (let look = 0; look < 8; look += 1) {
        await redis("DEL", KEYS.ordersOf(buyer.id));
        await redis(command, KEYS.ordersOf(buyer.id), "x");
        expect((await showOrder(buyer, id)).body).toMatchObject({ id, status: "confirmed" });
        await redis("DEL", KEYS.ordersOf(buyer.id));
        await redis(command, KEYS.ordersOf(buyer.id), "x");
        expect(await listOf(buyer)).toMatchObject({ incomplete: true });
      }
      expect(redisBreakerState()).toBe("closed");
    },
  );

  test("are restored by the scheduled run, including those of deleted sales", async () => {
    const buyer = await aBuyer();
    const sale = await putSale(aSale());
    const gone = sale.skus[0]?.id as string;
    const orders = [await bought(buyer, gone), await bought(buyer, await onSale())];
    for (const { skuId } of orders) await settled(skuId);
    await admin("DELETE", `/sales/${sale.id}`);
    await runScheduled();
    await redis("DEL", KEYS.ordersOf(buyer.id));
    await redis("SET", KEYS.ordersOf(buyer.id), "x");

    await listOf(buyer);
    await runScheduled();

    const { ids, incomplete } = await listOf(buyer);
    expect(ids.sort()).toEqual(orders.map(({ id }) => id).sort());
    expect(incomplete).toBeUndefined();
    expect(await redis("EXISTS", KEYS.lost)).toBe(0);
  });
});

describe("an unreadable order", () => {
  const TEXTS = ["garbage", "99 {", "99 null", '99 {"id":"x"}', "2"];

  test.each(TEXTS)("with the text %j is listed and repaired", async (text) => {
    const buyer = await aBuyer();
    const [skuId, other] = [await onSale(), await onSale()];
    const { id } = await bought(buyer, skuId);
    const neighbor = await bought(buyer, other);
    for (const sku of [skuId, other]) await settled(sku);
    await redis("HSET", KEYS.ordersOf(buyer.id), id, text);

    expect((await listOf(buyer)).ids.sort()).toEqual([id, neighbor.id].sort());

    await until(
      "it can be read",
      async () => (await readModelOf(buyer.id).catch(() => [])).length === 2,
    );
  });

  test.each(TEXTS)("with the text %j is shown and repaired", async (text) => {
    const buyer = await aBuyer();
    const skuId = await onSale();
    const { id } = await bought(buyer, skuId);
    await settled(skuId);
    await redis("HSET", KEYS.ordersOf(buyer.id), id, text);

    expect((await showOrder(buyer, id)).body).toMatchObject({ id, status: "confirmed" });

    await until(
      "it can be read",
      async () => (await readModelOf(buyer.id).catch(() => [])).length === 1,
    );
  });

  test("is overwritten by the consumer, whatever its version", async () => {
    const queue = captureQueue();
    const skuId = await onSale();
    const buyer = await aBuyer();
    const { id } = await bought(buyer, skuId);
    await redis("HSET", KEYS.ordersOf(buyer.id), id, "99 {");
    await deliver(await takeMessages(queue, skuId, 1));
    expect(await readModelOf(buyer.id)).toMatchObject([{ id, status: "confirmed" }]);
  });

  test("that is not in the ledger is removed", async () => {
    const buyer = await aBuyer();
    const skuId = await onSale();
    const forged = `${skuId}.0.${"a".repeat(20)}`;
    await redis("HSET", KEYS.ordersOf(buyer.id), forged, "garbage");
    expect((await listOf(buyer)).ids).toEqual([]);
    await until("it is gone", async () => (await redis("EXISTS", KEYS.ordersOf(buyer.id))) === 0);
  });
});

describe("a key of another type", () => {
  const SHARED = ["catalog", "live", "rules", "rebuilt", "lost", "deadLetters"] as const;

  test.each(SHARED)("%s: purchases and reads work, and it is repaired", async (name) => {
    const skuId = await onSale();
    await redis("DEL", KEYS[name]);
    await redis("SET", KEYS[name], "x");
    dropSnapshot();
    const buyer = await aBuyer();

    const { id } = await bought(buyer, skuId);
    await settled(skuId);

    expect((await showOrder(buyer, id)).body).toMatchObject({ status: "confirmed" });
    expect((await listOf(buyer)).ids).toEqual([id]);
    expect((await admin("GET", "/dead-letters")).status).toBe(200);
    await runScheduled();
    expect(redisBreakerState()).toBe("closed");
    expect(await redis<string>("TYPE", KEYS[name])).not.toBe("string");
  });

  test("buyers of a SKU: the object writes the filter again", async () => {
    const skuId = await onSale();
    const key = KEYS.buyersOf(skuId);
    await redis("HSET", key, "x", "y");
    const list = new SoldOutFeed(env, buyersOf());
    await list.filter(skuId);
    await until("it is written", async () => (await redis("TYPE", key)) === "string");
    expect(redisBreakerState()).toBe("closed");
  });

  test("marks of a user: a new order is still listed at once", async () => {
    captureQueue();
    const skuId = await onSale();
    const buyer = await aBuyer();
    await redis("SET", KEYS.underWayOf(buyer.id), "x");
    const { id } = await bought(buyer, skuId);
    expect((await listOf(buyer)).ids).toEqual([id]);
    expect(await redis("TYPE", KEYS.underWayOf(buyer.id))).toBe("zset");
  });

  test.each(["fixed-window", "sliding-window", "token-bucket"] as const)(
    "counter of a limit (%s): the buyer is served and counted again",
    async (algorithm) => {
      givenClock(Date.now()); // frozen, so that all attempts count in one window
      const limit = { algorithm, limit: 5, windowSeconds: 3_600 };
      const sale = await givenSale({ limits: { order: { user: limit } } });
      const buyer = await aBuyer();
      expect((await attempt(buyer, sale)).status).toBe(202);
      const counts = (await redis<string[]>("KEYS", `${KEYS.limit}:${sale.saleId}:*`)).filter(
        (key) => key.includes(":user:"),
      );
      for (const key of counts) {
        await redis("DEL", key);
        await redis("RPUSH", key, "x");
      }

      for (let i = 0; i < 3; i += 1) expect((await attempt(buyer, sale)).status).toBe(202);

      expect(redisBreakerState()).toBe("closed");
      for (const key of counts) expect(await redis("TYPE", key)).not.toBe("list");
    },
  );
});

describe("an unreadable field", () => {
  test.each(["x", `${Date.now() + 1e9} {`, `${Date.now() + 1e9} {"sale":1}`])(
    "with the text %j in the catalog hides no sale and is repaired",
    async (text) => {
      const sale = await putSale(aSale());
      await redis("HSET", KEYS.catalog, "document", text);
      dropSnapshot();
      expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(200);
      await until("the copy is repaired", async () => {
        return (await saleInRedis(sale.id).catch(() => null))?.id === sale.id;
      });
    },
  );

  test.each(["x", "{}", '{"available":"many"}'])(
    "with the text %j in the live stock is published again",
    async (text) => {
      const sale = await putSale(aSale());
      const skuId = sale.skus[0]?.id as string;
      await stockPublished(skuId, 10);
      await redis("HSET", KEYS.live, skuId, text);
      const { body } = await call<{ skus: unknown[] }>("GET", `/api/sales/${sale.id}/live`);
      expect(body.skus).toMatchObject([{ id: skuId, available: 10 }]);
      await until(
        "it is published",
        async () => (await liveStock(skuId).catch(() => null))?.available === 10,
      );
    },
  );

  test("in the rules does not lift a deny rule, and is repaired", async () => {
    const sale = await givenSale();
    const mallory = await aBuyer();
    await admin("PUT", `/denylist/user/${mallory.id}`);
    const field = `deny:user:${mallory.id}`;
    const kept = await redis<string>("HGET", KEYS.rules, field);
    await redis("HSET", KEYS.rules, field, "x");
    await admin("DELETE", `/denylist/user/${unique("nobody")}`); // the isolate reads the rules again

    expect((await attempt(mallory, sale)).code).toBe("blocked");

    await until(
      "the rule is repaired",
      async () => (await redis("HGET", KEYS.rules, field)) === kept,
    );
  });
});

test.each([
  ["WRONGTYPE Operation against a key holding the wrong kind of value", true],
  ["Command 2 [ hget ] failed: WRONGTYPE Operation against a key", true],
  ["ERR value is not an integer or out of range script: 0ab, on @user_script:3.", true],
  ["ERR user_script:7: attempt to perform arithmetic on a nil value script: 0ab", true],
  ["READONLY You can't write against a read only replica. script: 0ab, on @user_script:3.", false],
  ["OOM command not allowed when used memory > 'maxmemory'.", false],
  ["MISCONF Redis is configured to save RDB snapshots", false],
  ["NOAUTH Authentication required.", false],
  ["LOADING Redis is loading the dataset in memory", false],
  ["ERR max daily request limit exceeded. Limit: 10000", false],
  ["The operation was aborted due to timeout", false],
  // The quoted command comes from the caller and must not matter.
  ['READONLY no, command was: [["hset","WRONGTYPE"]]', false],
  ['ERR no, command was: [["hset","WRONGTYPE"]]', false],
])("classifies %j as an error about one value: %j", (message, expected) => {
  expect(isAboutValue(new Error(message))).toBe(expected);
});

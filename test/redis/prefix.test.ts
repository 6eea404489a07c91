// Several deployments on one database: their key prefixes keep them apart.
import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { readPublished, storePublished } from "../../src/catalog/store.ts";
import { readConfig, requireConfig } from "../../src/config/config.ts";
import { readCopiedRules, saveAutomaticBlock } from "../../src/funnel/rule-copy.ts";
import worker from "../../src/index.ts";
import type { Order } from "../../src/inventory/order.ts";
import { listDeadLetters, storeDeadLetters } from "../../src/orders/dead-letters.ts";
import { readOrder, writeOrders } from "../../src/orders/read-model.ts";
import { type RedisConfig, withRedis } from "../../src/redis/client.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { orderRequest } from "../funnel/scene.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, redis, redisIsBack } from "../support/redis.ts";
import { aBuyer, aSale, bought, onSale, settled, stockPublished } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const DEAD_LETTERS = "doorbuster-orders-dlq";
const ours = requireConfig(env);
const other = { ...env, REDIS_PREFIX: "shop:other" };
const theirs = requireConfig(other);

const inRedis = <T>(config: RedisConfig, work: Parameters<typeof withRedis<T>>[2]): Promise<T> =>
  withRedis(config, "redis-background", work);

const keys = () => redis<string[]>("KEYS", "*");

test("every key of an instance starts with its prefix", async () => {
  const skuId = await onSale();
  await bought(await aBuyer(), skuId);
  await settled(skuId);
  await stockPublished(skuId, 9);
  await admin("PUT", "/denylist/country/XX");
  await deliver(["garbage"], { queue: DEAD_LETTERS });
  await worker.scheduled(createScheduledController(), env);

  const stored = await keys();
  expect(stored.filter((key) => !key.startsWith("doorbuster:"))).toEqual([]);
  for (const part of ["catalog", "live", "rules", "limit:", "orders:", "dead-letters"]) {
    expect(
      stored.find((key) => key.startsWith(`doorbuster:${part}`)),
      part,
    ).toBeDefined();
  }
});

const anOrder = (id: string): Order => ({
  id,
  number: "0000-0000",
  saleId: "sale",
  skuId: "sku",
  quantity: 1,
  unitPrice: { amount: 0, currency: "USD" },
  total: { amount: 0, currency: "USD" },
  item: { name: "A thing", saleTitle: "A sale" },
  status: "confirmed",
  createdAt: "2026-11-01T00:00:00.000Z",
  expiresAt: "2026-11-01T00:00:00.000Z",
  version: 1,
  refunded: { amount: 0, currency: "USD" },
  refundedQuantity: 0,
});

const aLetter = (id: string) => {
  const body = { id, queue: "q", message: {}, reason: "", attempts: 10, diedAt: "" };
  const message = { id, body, attempts: 1, timestamp: new Date(), ack() {}, retry() {} };
  return { queue: DEAD_LETTERS, messages: [message] };
};

/** What an instance stores, each kind written under a name and read as names. */
const KINDS = {
  catalog: {
    write: (config: RedisConfig, name: string) =>
      inRedis(config, (redis, keys) =>
        storePublished(redis, keys, {
          version: 1,
          olderVersion: 0,
          switches: [],
          older: 0,
          sales: [{ id: name, revision: 1, sale: aSale({ id: name }), former: [], unsold: [] }],
          names: "",
        }),
      ),
    read: async (config: RedisConfig) =>
      ((await inRedis(config, readPublished))?.sales ?? []).map(({ id }) => id),
  },
  "live stock": {
    write: (config: RedisConfig, name: string) =>
      inRedis(config, (redis, keys) => redis.hset(keys.live, { [name]: "{}" })),
    read: async (config: RedisConfig) =>
      (await redis<string[]>("HKEYS", keysOf(config).live)).filter((name) => !name.startsWith("#")),
  },
  rules: {
    write: (config: RedisConfig, name: string) =>
      saveAutomaticBlock(config, {
        effect: "deny",
        kind: "user",
        value: name,
        by: "automatic",
        addedAt: "",
      }),
    read: async (config: RedisConfig) =>
      ((await inRedis(config, readCopiedRules))?.texts ?? []).map((text) => JSON.parse(text).value),
  },
  orders: {
    write: (config: RedisConfig, name: string) =>
      inRedis(config, (redis, keys) =>
        writeOrders(redis, keys, [{ userId: "catalog", order: anOrder(name) }]),
      ),
    read: async (config: RedisConfig) => {
      const found = await Promise.all(
        ["ours", "theirs"].map((id) =>
          inRedis(config, (redis, keys) => readOrder(redis, keys, "catalog", id)),
        ),
      );
      return found.flatMap((stored) => stored?.order?.id ?? []);
    },
  },
  "dead letters": {
    write: (config: RedisConfig, name: string) =>
      storeDeadLetters(aLetter(name) as unknown as MessageBatch, env, {
        ...config,
        ORDER_WEBHOOK_EVENTS: [],
      }),
    read: async (config: RedisConfig) =>
      (await inRedis(config, (redis, keys) => listDeadLetters(redis, keys))).letters.map(
        ({ id }) => id,
      ),
  },
};

describe("two instances on one database", () => {
  test.each(Object.entries(KINDS))("do not share %s", async (_, { write, read }) => {
    await emptyRedis();
    await write(ours, "ours");
    expect(await read(theirs)).toEqual([]);

    await write(theirs, "theirs");
    expect(await read(theirs)).toEqual(["theirs"]);
    expect(await read(ours)).toEqual(["ours"]);
  });

  test("count the limits of one buyer separately", async () => {
    givenClock(Date.now()); // frozen, so that all attempts count in one window
    const skuId = await onSale({ perUserLimit: 5 });
    const buyer = await aBuyer();
    const attempt = (bindings: Env) =>
      app.fetch(orderRequest(buyer, { skuId }), bindings, createExecutionContext());
    await emptyRedis();
    const limits = async () =>
      (await keys()).filter((key) => key.includes("limit:") && key.includes(":user:"));

    expect((await attempt(env)).status).toBe(202);
    const [mine = ""] = await limits();
    expect((await attempt(other as Env)).status).toBe(202);

    const suffix = mine.slice(ours.REDIS_PREFIX.length);
    expect((await limits()).sort()).toEqual([mine, `shop:other:${suffix}`].sort());
    expect(await redis("GET", mine)).toBe("1");
  });
});

describe("the prefix", () => {
  const read = (REDIS_PREFIX: unknown) => {
    const result = readConfig({ ...env, REDIS_PREFIX });
    return result.ok ? result.config.REDIS_PREFIX : result.faults;
  };

  test.each([
    ["", "doorbuster:"],
    [undefined, "doorbuster:"],
    ["shop", "shop:"],
    ["shop:", "shop:"],
    ["shop:staging_2.eu-west", "shop:staging_2.eu-west:"],
  ])("%j becomes %j", (given, meant) => {
    expect(read(given)).toBe(meant);
  });

  test.each([
    ":",
    "a b",
    "a*",
    "{a}:",
    "a\n",
    "a::b",
    ":a",
    "ä:",
    "a/b",
    "x".repeat(65),
    // Orders of the user "catalog" with the prefix `shop:` would overwrite this prefix's catalog.
    "shop:orders:",
    "limit",
  ])("%j is refused", (given) => {
    expect(read(given)).toEqual([expect.stringMatching(/^REDIS_PREFIX: (use|must not contain) /)]);
  });
});

// Every alert about what buyers do not see at once is made to fire and to end by a real fault.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, onTestFinished, test } from "vitest";
import { stubOf } from "../inventory/object.ts";
import { admin, call } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { deliver, pauseQueue } from "../support/queue.ts";
import {
  clearRedisFault,
  emptyRedis,
  KEYS,
  redis,
  redisIsDown,
  redisRefusesWrites,
} from "../support/redis.ts";
import { aBuyer, bought, settled, until } from "../support/shop.ts";
import { expectCalm, expectEnded, expectFiring, givenSale, sampled } from "./fault.ts";
import { givenDay } from "./watch.ts";

beforeEach(emptyRedis);

test("says that orders are not settled, until the queue delivers them", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale();
  const which = { rule: "outbox_old", about } as const;
  const resume = pauseQueue();
  onTestFinished(resume);
  await bought(await aBuyer(), skuId);
  await until("the figures", () => counted(`outbox_orders|${skuId}`));
  day.pass(60);
  await expectCalm(which);

  day.pass(1);
  await expectFiring(which, { severity: "critical", value: 61, threshold: 60, skuId });
  resume();
  await runDurableObjectAlarm(stubOf(skuId));
  await settled(skuId);
  await sampled(skuId, day);
  await until("the figures", async () => (await counted(`outbox_orders|${skuId}`)) === 0);
  await expectEnded(which, day);
});

test("says that a message is poison, until an operator discards it", async () => {
  const day = givenDay();
  await givenSale();
  const which = { rule: "dead_letters", about: "deployment" } as const;
  await deliver([{ v: 1, poison: true }], { attempts: 10 });
  await until("the dead letter", () => redis<number>("HLEN", KEYS.deadLetters));
  await expectFiring(which, { severity: "warning", value: 1, threshold: 0 });
  const [id] = await redis<string[]>("HKEYS", KEYS.deadLetters);
  await admin("DELETE", `/dead-letters/${id}`);
  await expectEnded(which, day);
});

test("says that Redis is down, until it answers", async () => {
  const day = givenDay();
  await givenSale();
  const which = { rule: "breaker_open", about: "breaker/redis" } as const;
  const { token } = await aBuyer();
  const listOrders = async () => {
    for (let i = 0; i < 10; i += 1) await call("GET", "/api/orders", { token });
  };
  await redisIsDown();
  await listOrders();
  await expectCalm(which);
  day.pass(31);
  await listOrders();
  await expectFiring(which, { severity: "critical", value: 31, threshold: 30 });
  await clearRedisFault();
  day.pass(10);
  await listOrders();
  await expectEnded(which, day);
});

test("says that the public stock is out of date while Redis refuses writes", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale();
  const which = { rule: "stock_stale", about } as const;
  const stale = `copy_stale_timestamp_seconds|live|${skuId}`;
  const refusing = redisRefusesWrites();
  await bought(await aBuyer(), skuId);
  await until("a failed publication", () => counted(stale));
  day.pass(31);
  await expectFiring(which, { severity: "warning", threshold: 30, skuId });
  refusing.mockRestore();
  await sampled(skuId, day);
  await until("a publication", async () => (await counted(stale)) === 0);
  await expectEnded(which, day);
});

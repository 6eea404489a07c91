// Every alert is made to fire and to end by a real fault.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { AlertView } from "../../src/alerts/client.ts";
import { requireConfig } from "../../src/config.ts";
import { inside as insideSku, inventory, putToSleep, stubOf } from "../inventory/object.ts";
import { drandIs, register, tick } from "../line/object.ts";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  TestGateway,
} from "../orders/saga-fixtures.ts";
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
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  buyers,
  order,
  putSale,
  settled,
  tokenFor,
  until,
} from "../support/shop.ts";
import { calmDown, type Day, ended, evaluate, firing, givenDay } from "./watch.ts";

beforeEach(emptyRedis);

type Which = Pick<AlertView, "rule" | "about">;

async function expectFiring(which: Which, shown: Partial<AlertView>): Promise<void> {
  expect(firing(await evaluate(), which)).toMatchObject(shown);
}

async function expectEnded(which: Which, day: Day): Promise<void> {
  const list = await calmDown(day);
  expect(firing(list, which)).toBeUndefined();
  expect(ended(list, which)).toHaveLength(1);
}

/** A sale of one SKU that is open, and its figures. */
async function givenSale(sku: Parameters<typeof aSku>[0] = {}) {
  const item = aSku(sku);
  const { id } = await putSale(aSale({ skus: [item] }));
  return { skuId: item.id, about: `sale/${id}`, saleId: id };
}

/** Has the SKU's object publish its figures again. */
const sampled = (skuId: string) => inventory(skuId).publicStock();

test("says that more units are sold than stocked, until the ledger is right again", async () => {
  const day = givenDay();
  const { skuId, saleId, about } = await givenSale({ stock: 2, price: 100 });
  await bought(await aBuyer(), skuId);
  await bought(await aBuyer(), skuId);
  const which = { rule: "invariant_broken", about } as const;
  expect(firing(await evaluate(), which)).toBeUndefined();

  /** Writes another stock behind the back of the object, whose figures then have `free` units. */
  async function setStock(stocked: number, free: number): Promise<void> {
    await insideSku(skuId, (_, { storage: { sql } }) => {
      sql.exec("UPDATE setup SET document = json_set(document, '$.stocked', ?)", stocked);
    });
    await putToSleep(skuId);
    day.pass(1); // of two figures of the same moment the larger one counts
    await sampled(skuId);
    const gauge = `units|${saleId}|${skuId}|available`;
    await until("the figures", async () => (await counted(gauge)) === free);
  }

  await setStock(1, -1);
  await expectFiring(which, { severity: "critical", value: 1, threshold: 0, skuId });
  await setStock(2, 0);
  await expectEnded(which, day);
});

test("says that nothing is sold while people press Buy, until somebody gets a unit", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale();
  await sampled(skuId);
  const which = { rule: "no_sale", about } as const;
  const token = await tokenFor("ann", "the identity provider has another secret");
  const refused = await Promise.all(
    Array.from({ length: 25 }, () => order({ id: "ann", token }, skuId)),
  );
  expect(refused.every(({ code }) => code === "unauthenticated")).toBe(true);

  expect(firing(await evaluate(), which)).toBeUndefined();
  day.pass(20);
  await expectFiring(which, { severity: "critical", value: 25, threshold: 20 });
  await bought(await aBuyer(), skuId);
  await expectEnded(which, day);
});

test("says that charges fail, until they succeed again", async () => {
  const day = givenDay();
  const { skuId } = await givenSale({ stock: 100, price: 100 });
  const which = { rule: "charges_failing", about: "deployment" } as const;
  const charge = async (outcome: "declined" | "charged", paymentToken: string) => {
    const before = await counted(`payments|charge|${outcome}`);
    for (const buyer of await buyers(20)) await bought(buyer, skuId, { paymentToken });
    await until("the charges", async () => {
      return (await counted(`payments|charge|${outcome}`)) >= before + 20;
    });
  };

  await charge("declined", "tok_declined");
  expect(firing(await evaluate(), which)).toBeUndefined();
  day.pass(30);
  await expectFiring(which, { severity: "critical", value: 1, threshold: 0.3 });
  day.pass(310);
  await charge("charged", "tok_ok");
  await expectEnded(which, day);
});

test("says that charges come after their holds, until five minutes passed without one", async () => {
  const day = givenDay();
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale);
  const which = { rule: "charges_late", about: `sale/${purchase.order.saleId}` } as const;
  const gateway = new TestGateway();
  gateway.mute = true;
  await deliverTo(gateway, [purchase.message]);
  gateway.mute = false;
  holds.end();
  await runDurableObjectAlarm(stubOf(sale.skuId));
  expect(firing(await evaluate(), which)).toBeUndefined();

  await deliverTo(gateway, [await nextMessage(sale.queue, purchase.order.id)]);

  await expectFiring(which, { severity: "critical", value: 1, threshold: 0 });
  day.pass(310);
  await expectEnded(which, day);
});

test("says that orders are not settled, until the queue delivers them", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale();
  const which = { rule: "outbox_old", about } as const;
  const resume = pauseQueue();
  onTestFinished(resume);
  await bought(await aBuyer(), skuId);
  await until("the figures", () => counted(`outbox_orders|${skuId}`));
  day.pass(60);
  expect(firing(await evaluate(), which)).toBeUndefined();

  day.pass(1);
  await expectFiring(which, { severity: "critical", value: 61, threshold: 60, skuId });
  resume();
  day.pass(1); // of two figures of the same moment the larger one counts
  await runDurableObjectAlarm(stubOf(skuId));
  await settled(skuId);
  day.pass(1);
  await sampled(skuId);
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
  expect(firing(await evaluate(), which)).toBeUndefined();
  day.pass(31);
  await listOrders();
  await expectFiring(which, { severity: "critical", value: 31, threshold: 30 });
  await clearRedisFault();
  day.pass(10);
  await listOrders();
  await expectEnded(which, day);
});

test("says that a line stands still, until its operator lets it go on", async () => {
  const day = givenDay();
  await drandIs("eager");
  const opensAt = new Date(Date.now() + 60_000).toISOString();
  const item = aSku({ stock: 1_000 });
  const admission = { mode: "queue", ratePerSecond: 5 } as const;
  const { id } = await putSale(aSale({ opensAt, admission, skus: [item] }));
  const which = { rule: "line_stalled", about: `sale/${id}` } as const;
  await register(id, 1_000, Date.now() + 30_000);
  await sampled(item.id);
  /** Lets the line tick every second. */
  const moveOn = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      day.pass(1);
      await tick(id);
    }
  };
  day.pass(80);
  await moveOn(5);
  expect(await counted(`line_people|${id}|admitted`)).toBeGreaterThan(0);
  expect(firing(await evaluate(), which)).toBeUndefined();

  await admin("PUT", `/sales/${id}/line`, { body: { paused: true } });
  await tick(id);
  day.pass(130);
  await tick(id);
  await expectFiring(which, { severity: "critical", threshold: 120 });
  await admin("PUT", `/sales/${id}/line`, { body: { paused: false } });
  await moveOn(5);
  await expectEnded(which, day);
});

test("says that an overloaded object sheds buyers, until it recovers", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale({ stock: 1_000 });
  const which = { rule: "shedding", about } as const;
  const real = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY as DurableObjectNamespace, "getByName");
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation((name) => {
    if (name === skuId) throw Object.assign(new Error("too many requests"), { overloaded: true });
    return real(name) as unknown as DurableObjectStub;
  });
  for (const buyer of await buyers(80)) await order(buyer, skuId);
  spy.mockRestore();

  expect(firing(await evaluate(), which)).toBeUndefined();
  day.pass(10);
  await expectFiring(which, { severity: "warning", threshold: 0.01 });
  day.pass(60);
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
  day.pass(1); // of two figures of the same moment the larger one counts
  await sampled(skuId);
  await until("a publication", async () => (await counted(stale)) === 0);
  await expectEnded(which, day);
});

test("says that the shop's webhook fails, until it accepts events", async () => {
  const day = givenDay();
  const { skuId } = await givenSale({ stock: 50 });
  const which = { rule: "webhook_failing", about: "deployment" } as const;
  const url = "https://erp.test/hook";
  const config = requireConfig(env);
  Object.assign(config, {
    ORDER_WEBHOOK_URL: url,
    ORDER_WEBHOOK_SECRET: [`whsec_${btoa("a secret of the shop, 32 bytes long")}`],
  });
  let status = 500;
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    return input === url ? new Response(null, { status }) : real(input, init);
  });
  onTestFinished(() => {
    delete config.ORDER_WEBHOOK_URL;
    delete config.ORDER_WEBHOOK_SECRET;
    spy.mockRestore();
  });
  for (const buyer of await buyers(5)) await bought(buyer, skuId);
  await until("failed posts", async () => (await counted("webhooks|failed")) >= 5);
  await expectFiring(which, { severity: "warning", value: 1, threshold: 0.5 });
  status = 204;
  day.pass(310);
  for (const buyer of await buyers(5)) await bought(buyer, skuId);
  await until("accepted events", async () => (await counted("webhooks|delivered")) >= 5);
  await expectEnded(which, day);
});

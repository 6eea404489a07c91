// What the shop's own systems are told: every final change of an order, signed, until they take it.
import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runDurableObjectAlarm,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { requireConfig } from "../../src/config.ts";
import type { EventMessage } from "../../src/inventory/messages.ts";
import { GIVE_UP_MS, nextDelivery } from "../../src/inventory/owed-events.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import type { DeadLetter } from "../../src/orders/delivery.ts";
import { deliverWebhooks, type OrderEvent } from "../../src/orders/webhooks.ts";
import { putToSleep, stubOf } from "../inventory/object.ts";
import { givenClock } from "../support/clock.ts";
import { ADMIN_TOKEN, admin, read, request } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { ledger, suppressLiveStock, unique, until } from "../support/shop.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type PaidSale,
  type Purchase,
  TestGateway,
} from "./saga-world.ts";

beforeEach(emptyRedis);

const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
const VARS = { ORDER_WEBHOOK_URL: "https://erp.test/hook", ORDER_WEBHOOK_SECRET: SECRET };

interface Received {
  headers: Record<string, string>;
  body: string;
}

/** Given the shop's system, which answers as `status` says. */
function givenShop(status: (seen: number) => number = () => 204): Received[] {
  const received: Received[] = [];
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (input !== VARS.ORDER_WEBHOOK_URL) return real(input, init);
    expect(init).toMatchObject({ method: "POST", redirect: "manual" });
    received.push({ headers: init?.headers as Record<string, string>, body: String(init?.body) });
    const code = status(received.length);
    if (code === 0) throw new TypeError("the connection was refused");
    return new Response(null, { status: code });
  });
  onTestFinished(() => spy.mockRestore());
  return received;
}

const configWith = (vars: Partial<typeof VARS>) => ({ ...requireConfig(env), ...vars });

async function post(
  messages: unknown[],
  { attempts = 1, vars = VARS as Partial<typeof VARS> } = {},
) {
  const batch = createMessageBatch(
    "doorbuster-webhooks",
    messages.map((body) => ({ id: unique("w"), timestamp: new Date(), attempts, body })),
  );
  const ctx = createExecutionContext();
  await deliverWebhooks(batch, env, configWith(vars));
  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return { acked: explicitAcks.length, retried: retryMessages.length };
}

/** What is on its way to the shop about a SKU, in the order it was sent. Others may still be sending theirs. */
const newsIn = ({ queue, skuId }: PaidSale): EventMessage[] =>
  queue.filter((body) => isNewsOf(body, skuId)) as unknown as EventMessage[];
const isNewsOf = (body: { skuId: string }, skuId: string): boolean =>
  "kind" in body && body.skuId === skuId;

/** Waits until so much news is on its way, and takes it out of the queue. */
const takeNews = async (sale: PaidSale, count = 1): Promise<EventMessage[]> => {
  await until("the news is in the queue", () => newsIn(sale).length >= count);
  const news = newsIn(sale);
  const { queue, skuId } = sale;
  queue.splice(0, queue.length, ...queue.filter((body) => !isNewsOf(body, skuId)));
  return news;
};

const settle = (purchase: Purchase, gateway = new TestGateway()) =>
  deliverTo(gateway, [purchase.message], { vars: VARS });

/** Given a confirmed order that the shop is to hear of. */
async function givenNews(sale?: PaidSale): Promise<Purchase & { news: EventMessage }> {
  const purchase = await givenOrder(sale ?? (await givenPaid()));
  await settle(purchase);
  const [news] = await takeNews(purchase);
  return { ...purchase, news: news as EventMessage };
}

const idsOf = (received: Received[]) => received.map(({ headers }) => headers["webhook-id"]);
const unannounced = async (skuId: string) => (await ledger(skuId)).unannounced;

beforeEach(redisIsBack);

test("a confirmed order is offered once, signed as the specification says", async () => {
  const received = givenShop();
  const { news, order, buyer, skuId } = await givenNews();
  expect(await unannounced(skuId)).toBe(1);

  expect(await post([news])).toEqual({ acked: 1, retried: 0 });

  const [{ headers, body }] = received as [Received];
  expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
    id: `${order.id}.2`,
    type: "order.confirmed",
    userId: buyer.id,
    order: { id: order.id, status: "confirmed", payment: "charged" },
  });
  expect(headers["webhook-id"]).toBe(`${order.id}.2`);
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
  expect(await unannounced(skuId)).toBe(0);
});

test("news that comes twice, late or together is told once, or again with the same id and body", async () => {
  const received = givenShop();
  const { news, ...purchase } = await givenNews();
  await settle(purchase);

  await Promise.all([post([news, news]), post([news])]);
  expect(new Set(idsOf(received)).size).toBe(1);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);

  const before = received.length;
  expect(await post([news])).toEqual({ acked: 1, retried: 0 });
  await settle(purchase);
  expect(received).toHaveLength(before);
});

test("while the shop is down the event comes again, with its id, until it is taken", async () => {
  const received = givenShop((seen) => [500, 0, 302, 429, 200][seen - 1] ?? 200);
  const { news } = await givenNews();

  for (const attempts of [1, 2, 3, 4]) {
    expect(await post([news], { attempts })).toEqual({ acked: 0, retried: 1 });
  }
  expect(await post([news], { attempts: 5 })).toEqual({ acked: 1, retried: 0 });

  expect(new Set(idsOf(received)).size).toBe(1);
});

describe("an event the shop does not take", () => {
  test("is left to the ledger by the queue, which offers it for days and from a sleep", async () => {
    suppressLiveStock();
    const clock = givenClock(Date.now());
    let up = false;
    const received = givenShop(() => (up ? 200 : 503));
    const { news, ...purchase } = await givenNews();
    const { skuId, queue, order } = purchase;
    const since = Date.now();

    expect(await post([news], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });
    for (const days of [0, 1, 3, 6]) {
      clock.moveTo(since + days * 86_400_000 + 7_200_000);
      await putToSleep(skuId);
      await runDurableObjectAlarm(stubOf(skuId));
      clock.moveTo(Date.now() + 3_600_000);
      await runDurableObjectAlarm(stubOf(skuId));
      const [again] = await takeNews(purchase);
      expect(await post([again], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });
      expect(queue.filter((body) => "diedAt" in body)).toEqual([]);
    }
    up = true;
    clock.moveTo(Date.now() + 3_600_000);
    await runDurableObjectAlarm(stubOf(skuId));
    await post(await takeNews(purchase));

    expect(new Set(idsOf(received))).toEqual(new Set([`${order.id}.2`]));
    expect(await unannounced(skuId)).toBe(0);
  });

  test("survives an emptied Redis: of 20 orders the shop learns all 20", async () => {
    suppressLiveStock();
    const clock = givenClock(Date.now());
    let up = false;
    const received = givenShop(() => (up ? 200 : 0));
    const sale = await givenPaid({ stock: 20 });
    const ids: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const { order, news } = await givenNews(sale);
      ids.push(`${order.id}.2`);
      for (const attempts of [1, 9, 10]) await post([news], { attempts });
    }
    await emptyRedis();
    up = true;
    received.length = 0;

    clock.moveTo(Date.now() + 1_200_000);
    await putToSleep(sale.skuId);
    await ledger(sale.skuId);
    clock.moveTo(Date.now() + 3_600_000);
    await runDurableObjectAlarm(stubOf(sale.skuId));
    await post(await takeNews(sale, 20));

    expect(new Set(idsOf(received))).toEqual(new Set(ids));
    expect(await unannounced(sale.skuId)).toBe(0);
  });

  test("for a week ends with the dead letters, with the reason, and is still owed", async () => {
    const clock = givenClock(Date.now());
    let up = false;
    const received = givenShop(() => (up ? 200 : 503));
    const { news, queue, order, skuId } = await givenNews();
    clock.moveTo(Date.now() + GIVE_UP_MS);

    expect(await post([news], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });

    const letter = await until("the letter", () =>
      (queue as unknown as DeadLetter[]).find(({ diedAt }) => diedAt),
    );
    expect(letter).toMatchObject({
      id: `${order.id}.2`,
      queue: "doorbuster-webhooks",
      message: news,
      reason: "the shop answered 503",
    });
    await deliver([letter], { queue: "doorbuster-orders-dlq" });
    const letters = async () =>
      (await admin<{ deadLetters: unknown[] }>("GET", "/dead-letters")).body;
    expect((await letters()).deadLetters).toHaveLength(1);

    up = true;
    await post([news]);
    expect(idsOf(received)).toContain(`${order.id}.2`);
    expect((await letters()).deadLetters).toEqual([]);
    expect(await unannounced(skuId)).toBe(0);
  });

  test("is offered at least every hour for more than three days, and then no more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: GIVE_UP_MS + 86_400_000 }), (age) => {
        const next = nextDelivery(0, age);
        if (next === undefined) expect(age).toBeGreaterThan(3 * 86_400_000);
        else {
          expect(next).toBeGreaterThan(age);
          expect(next - age).toBeLessThanOrEqual(3_600_000);
        }
      }),
    );
    expect(nextDelivery(0, GIVE_UP_MS - 1)).toBeGreaterThanOrEqual(GIVE_UP_MS);
    expect(nextDelivery(0, GIVE_UP_MS + 3_600_000)).toBeUndefined();
  });

  test("delays no other", async () => {
    const bad = await givenNews();
    const good = await givenNews();
    givenShop();
    const spy = vi.mocked(globalThis.fetch);
    const calm = spy.getMockImplementation() ?? fetch;
    spy.mockImplementation((input, init) =>
      String(init?.body).includes(bad.order.id)
        ? Promise.resolve(new Response(null, { status: 400 }))
        : calm(input, init),
    );

    expect(await post(["garbage", bad.news, good.news])).toEqual({ acked: 1, retried: 2 });
  });

  test("because its ledger cannot be asked comes again", async () => {
    const received = givenShop();
    const { news } = await givenNews();
    const spy = vi.spyOn(SkuInventory.prototype, "owedEvents").mockImplementationOnce(() => {
      throw new Error("it is moved");
    });
    onTestFinished(() => spy.mockRestore());
    expect(await post([news])).toEqual({ acked: 0, retried: 1 });
    expect(await post([news])).toEqual({ acked: 1, retried: 0 });
    expect(received).toHaveLength(1);
  });
});

test("an order that changed before its news was taken is told as it is now", async () => {
  const received = givenShop();
  const { news, order, buyer, skuId } = await givenNews();
  const money = { outcome: "refunded" } as const;
  await stubOf(skuId).recordPayments([{ userId: buyer.id, orderId: order.id, money }]);

  await post([news]);

  expect(idsOf(received)).toEqual([`${order.id}.3`]);
  expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
    type: "order.refunded",
    order: { version: 3, payment: "refunded" },
  });
});

test("a reserved order is nobody's business but the buyer's; its end is told", async () => {
  const received = givenShop();
  const holds = givenHolds();
  const sale = await givenPaid();
  const unpaid = await givenOrder(sale, {});
  const declined = await givenOrder(sale);
  const given = await givenOrder(sale, {});
  const gateway = new TestGateway();
  gateway.declining = true;
  await settle(unpaid, gateway);
  await settle(declined, gateway);
  await cancel(given);
  await settle(given, gateway);
  await post(await takeNews(sale, 2));
  const told = () =>
    received
      .map(({ body }) => JSON.parse(body) as OrderEvent)
      .map(({ type, order }) => [type, order.id]);
  expect(told().sort()).toEqual(
    [
      ["order.cancelled", declined.order.id],
      ["order.cancelled", given.order.id],
    ].sort(),
  );

  holds.end();
  await ledger(sale.skuId);
  await settle({ ...unpaid, message: await nextMessage(sale.queue, unpaid.order.id) }, gateway);
  await post(await takeNews(sale));
  expect(told().at(-1)).toEqual(["order.expired", unpaid.order.id]);
});

test("an order whose money is still open is told only when it is final", async () => {
  const received = givenShop();
  const holds = givenHolds();
  const sale = await givenPaid();
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  gateway.mute = true;
  await settle(purchase, gateway);
  holds.end();
  await ledger(sale.skuId);
  gateway.down = true;
  const message = await nextMessage(sale.queue, purchase.order.id);
  await settle({ ...purchase, message }, gateway);
  expect(await unannounced(sale.skuId)).toBe(0);

  gateway.down = false;
  await settle({ ...purchase, message }, gateway);
  await post(await takeNews(sale));
  expect(received.map(({ body }) => JSON.parse(body).type)).toEqual(["order.confirmed"]);
});

describe("without an address", () => {
  test("nothing is owed, and an order costs no row more", async () => {
    const { skuId, message } = await givenOrder(await givenPaid());
    const before = (await ledger(skuId)).activity.rowsWritten;
    await deliverTo(new TestGateway(), [message]);
    const after = await ledger(skuId);
    expect(after).toMatchObject({ unannounced: 0, unacknowledged: 0 });
    expect(after.activity.rowsWritten - before).toBeLessThanOrEqual(2); // settled, acknowledged
  });

  test("that was taken away, what is owed waits", async () => {
    const { news, skuId } = await givenNews();
    expect(await post([news], { vars: {} })).toEqual({ acked: 0, retried: 1 });
    expect(await post([news], { vars: {}, attempts: 10 })).toEqual({ acked: 1, retried: 0 });
    expect(await unannounced(skuId)).toBe(1);
  });
});

describe("a rebuild", () => {
  const rebuild = async (skuId: string, query: string, vars: object) => {
    const sent = request("POST", `/api/admin/skus/${skuId}/rebuild${query}`, {
      token: ADMIN_TOKEN,
    });
    return read(await app.fetch(sent, { ...env, ...vars }, createExecutionContext()));
  };

  test("offers every event again when it is asked to, with the ids of before", async () => {
    const received = givenShop();
    const { news, ...purchase } = await givenNews();
    const reserved = await givenOrder(purchase, {});
    await settle(reserved);
    await post([news]);

    expect((await rebuild(purchase.skuId, "", VARS)).body).not.toHaveProperty("events");
    expect(newsIn(purchase)).toEqual([]);

    const { body } = await rebuild(purchase.skuId, "?events=true", VARS);
    expect(body).toMatchObject({ skuId: purchase.skuId, orders: 2, events: 1 });
    await post(await takeNews(purchase));
    expect(idsOf(received)).toEqual([`${purchase.order.id}.2`, `${purchase.order.id}.2`]);
    expect(await unannounced(purchase.skuId)).toBe(0);
  });

  test("has nobody to offer them to without an address", async () => {
    const { skuId } = await givenPaid();
    expect((await rebuild(skuId, "?events=true", {})).code).toBe("invalid_request");
  });
});

test("a message of an older release, which carries the event, is delivered as it is", async () => {
  const received = givenShop((seen) => (seen === 1 ? 500 : 200));
  const { order, buyer } = await givenOrder(await givenPaid());
  const event = { id: `${order.id}.2`, type: "order.confirmed", userId: buyer.id, order };
  expect(await post([event])).toEqual({ acked: 0, retried: 1 });
  expect(await post([event])).toEqual({ acked: 1, retried: 0 });
  expect(idsOf(received)).toEqual([event.id, event.id]);
});

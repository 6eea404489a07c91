// What the shop's own systems are told: every final change of an order, signed, until they take it.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { DeadLetter } from "../../src/orders/delivery.ts";
import { deliverWebhooks, type OrderEvent } from "../../src/orders/webhooks.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger, unique, until } from "../support/shop.ts";
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

async function post(events: unknown[], { attempts = 1, vars = VARS } = {}) {
  const messages = events.map((body) => ({
    id: unique("w"),
    timestamp: new Date(),
    attempts,
    body,
  }));
  const batch = createMessageBatch("doorbuster-webhooks", messages);
  const ctx = createExecutionContext();
  await deliverWebhooks(batch, env, vars);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return { acked: explicitAcks.length, retried: retryMessages.length };
}

/** The events the consumer has put into the queue, in the order they were sent. */
const events = ({ queue }: PaidSale, count: number) =>
  until("the events are in the queue", () => {
    const sent = queue.filter((body) => "type" in body) as unknown as OrderEvent[];
    return sent.length >= count ? sent : undefined;
  });

const settle = (purchase: Purchase, gateway = new TestGateway()) =>
  deliverTo(gateway, [purchase.message], { vars: VARS });

async function givenEvent(): Promise<Purchase & { event: OrderEvent }> {
  const purchase = await givenOrder(await givenPaid());
  await settle(purchase);
  const [event] = await events(purchase, 1);
  return { ...purchase, event: event as OrderEvent };
}

test("a confirmed order is offered once, signed as the specification says", async () => {
  const received = givenShop();
  const { event, order, buyer } = await givenEvent();

  expect(await post([event])).toEqual({ acked: 1, retried: 0 });

  const [{ headers, body }] = received as [Received];
  expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
    id: `${order.id}.2`,
    type: "order.confirmed",
    userId: buyer.id,
    order: { id: order.id, status: "confirmed", payment: "charged" },
  });
  expect(headers["webhook-id"]).toBe(`${order.id}.2`);
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
});

test("a message delivered twice is the same event: same id, same body", async () => {
  const received = givenShop();
  const purchase = await givenOrder(await givenPaid());
  for (const _ of [1, 2]) await settle(purchase);

  await post(await events(purchase, 2));

  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
});

test("while the shop is down the event comes again, with its id, until it is taken", async () => {
  const received = givenShop((seen) => [500, 0, 302, 429, 200][seen - 1] ?? 200);
  const { event } = await givenEvent();

  for (const attempts of [1, 2, 3, 4]) {
    expect(await post([event], { attempts })).toEqual({ acked: 0, retried: 1 });
  }
  expect(await post([event], { attempts: 5 })).toEqual({ acked: 1, retried: 0 });

  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("an event the shop never takes ends with the dead letters, with the reason", async () => {
  givenShop(() => 503);
  const { event, queue } = await givenEvent();

  expect(await post([event], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });

  const letter = await until("the letter", () => {
    return (queue as unknown as DeadLetter[]).find(({ id, message }) => message && id === event.id);
  });
  expect(letter).toMatchObject({
    queue: "doorbuster-webhooks",
    message: event,
    reason: "the shop answered 503",
    attempts: 10,
  });
});

test("one event the shop refuses delays no other", async () => {
  const bad = await givenEvent();
  const good = await givenEvent();
  givenShop();
  const spy = vi.mocked(globalThis.fetch);
  const calm = spy.getMockImplementation() ?? fetch;
  spy.mockImplementation((input, init) =>
    String(init?.body).includes(bad.order.id)
      ? Promise.resolve(new Response(null, { status: 400 }))
      : calm(input, init),
  );

  expect(await post(["garbage", bad.event, good.event])).toEqual({ acked: 1, retried: 2 });
});

test("a reserved order is nobody's business but the buyer's; its end is told", async () => {
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
  expect((await events(sale, 2)).map(({ type, order }) => [type, order.id])).toEqual([
    ["order.cancelled", declined.order.id],
    ["order.cancelled", given.order.id],
  ]);

  holds.end();
  await ledger(sale.skuId);
  await settle({ ...unpaid, message: await nextMessage(sale.queue, unpaid.order.id) }, gateway);
  expect((await events(sale, 3)).at(-1)?.type).toBe("order.expired");
});

test("an order whose money is still open is told only when it is final", async () => {
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
  expect(sale.queue.filter((body) => "type" in body)).toEqual([]);

  gateway.down = false;
  await settle({ ...purchase, message }, gateway);
  expect((await events(sale, 1)).map(({ type }) => type)).toEqual(["order.confirmed"]);
});

test("without an address nothing is sent; if it was taken away, what was under way waits", async () => {
  const { queue, message } = await givenOrder(await givenPaid());
  await deliverTo(new TestGateway(), [message]);
  expect(queue.filter((body) => "type" in body)).toEqual([]);

  const { event } = await givenEvent();
  expect(await post([event], { vars: {} as typeof VARS })).toEqual({ acked: 0, retried: 1 });
});

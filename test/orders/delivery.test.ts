// Duplicate, late, reordered and malformed queue messages. None of them may change the result.
import { beforeAll, expect, test } from "vitest";
import { admin, call } from "../support/http.ts";
import { captureQueue, deliver, messagesAbout, takeMessages } from "../support/queue.ts";
import { emptyRedis, readModelOf } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  bought,
  buyers,
  ledger,
  onSale,
  showOrder,
  unique,
  until,
} from "../support/shop.ts";

beforeAll(emptyRedis);

/** Accepts `count` orders of different buyers, and takes their messages out of the queue. */
async function givenOrders(count: number, price = 0) {
  const queue = captureQueue();
  const skuId = await onSale({ stock: count, price });
  const crowd = await buyers(count);
  const orders = await Promise.all(crowd.map((buyer) => bought(buyer, skuId)));
  const messages = await takeMessages(queue, skuId, count);
  return { queue, skuId, crowd, orders, messages };
}

const statusOf = async ({ id }: Buyer) => (await readModelOf(id))[0]?.status;

test("settles every order of a batch and acknowledges every message", async () => {
  const { skuId, crowd, messages } = await givenOrders(20);

  expect((await deliver(messages)).acked).toHaveLength(20);

  for (const buyer of crowd) expect(await statusOf(buyer)).toBe("confirmed");
  expect(await ledger(skuId)).toMatchObject({ sold: 20, held: 0, unacknowledged: 0 });
});

test("changes nothing when messages are redelivered, in a batch, singly or in reverse order", async () => {
  const { skuId, crowd, messages } = await givenOrders(10);
  await deliver(messages);
  const before = await Promise.all(crowd.map(({ id }) => readModelOf(id)));

  await deliver([...messages, ...messages].reverse());
  for (const message of messages) await deliver([message]);
  await Promise.all([deliver(messages), deliver(messages)]);

  expect(await Promise.all(crowd.map(({ id }) => readModelOf(id)))).toEqual(before);
  expect(await ledger(skuId)).toMatchObject({ sold: 10, unacknowledged: 0 });
});

test("confirms each order once when one batch is delivered several times concurrently", async () => {
  const { skuId, crowd, messages } = await givenOrders(10);

  await Promise.all([deliver(messages), deliver([...messages].reverse()), deliver(messages)]);

  expect(await ledger(skuId)).toMatchObject({ sold: 10, held: 0, unacknowledged: 0 });
  for (const { id } of crowd) {
    expect(await readModelOf(id)).toMatchObject([{ status: "confirmed", version: 2 }]);
  }
});

test("publishes the state from the ledger, so a late message cannot restore an old state", async () => {
  const { queue, skuId, crowd, orders, messages } = await givenOrders(1, 100);
  const [buyer, order] = [crowd[0], orders[0]];
  if (!buyer || !order) throw new Error("no order");
  const token = buyer.token;
  expect((await call("DELETE", `/api/orders/${order.id}`, { token })).status).toBe(200);
  await until("the cancellation is in the queue", () =>
    messagesAbout(queue, skuId).some(({ version }) => version === 2),
  );

  await deliver(messagesAbout(queue, skuId));
  await deliver(messages);

  expect(await readModelOf(buyer.id)).toMatchObject([{ status: "cancelled", version: 2 }]);
});

test("never overwrites a newer state in the read model with an older one", async () => {
  const { crowd, messages } = await givenOrders(1);
  const buyer = crowd[0] as Buyer;
  await deliver(messages);
  const [confirmed] = await readModelOf(buyer.id);

  await deliver(messages.map((message) => ({ ...message, version: 1 })));
  await deliver(messages.map((message) => ({ ...message, version: 999 })));

  expect(await readModelOf(buyer.id)).toEqual([confirmed]);
});

test("processes the other messages of a batch if some cannot be read", async () => {
  const { crowd, messages } = await givenOrders(3);
  const garbage = [
    null,
    "text",
    42,
    [],
    {},
    { ...messages[0], v: 2 },
    { ...messages[0], v: "1" },
    { ...messages[0], extra: true },
    { ...messages[0], userId: "" },
    { ...messages[0], skuId: "x".repeat(65) },
    { ...messages[0], lane: -1 },
    { ...messages[0], version: 0.5 },
  ];

  const { acked, retried } = await deliver([...garbage, ...messages]);

  expect(acked).toEqual(messages);
  expect(retried).toHaveLength(garbage.length);
  for (const buyer of crowd) expect(await statusOf(buyer)).toBe("confirmed");
});

test("retries a message about an order that the ledger does not have, and writes nothing", async () => {
  const { skuId, messages } = await givenOrders(1);
  const otherUser = await aBuyer();
  const forged = [
    { ...messages[0], userId: otherUser.id },
    { ...messages[0], orderId: `${skuId}.0.${"a".repeat(20)}` },
    { ...messages[0], skuId: unique("elsewhere") },
  ];

  const { retried } = await deliver(forged);

  expect(retried).toHaveLength(forged.length);
  expect(await readModelOf(otherUser.id)).toEqual([]);
});

test("turns a message of an unknown format version into a dead letter after its last delivery", async () => {
  const { queue, crowd, messages } = await givenOrders(1);
  const buyer = crowd[0] as Buyer;
  const unknown = { ...messages[0], v: 2, marker: unique("marker") };

  expect((await deliver([unknown], { attempts: 1 })).retried).toEqual([unknown]);
  expect((await deliver([unknown], { attempts: 10 })).acked).toEqual([unknown]);

  const deadLetter = await until("the dead letter is in the queue", () =>
    queue.find((body) => (body as unknown as { message?: typeof unknown }).message?.v === 2),
  );
  expect(deadLetter).toMatchObject({ message: unknown, attempts: 10 });
  await deliver([deadLetter], { queue: "doorbuster-orders-dlq" });
  const { body } = await admin<{ deadLetters: { id: string; message: unknown }[] }>(
    "GET",
    "/dead-letters",
  );
  expect(body.deadLetters).toMatchObject([{ message: unknown }]);
  expect(await statusOf(buyer)).toBeUndefined();
  expect((await showOrder(buyer, messages[0]?.orderId ?? "")).body).toMatchObject({
    status: "reserved",
  });
});

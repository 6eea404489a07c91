// What the queue may do with a message: twice, late, out of order, garbled. Nothing changes by it.
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

/** Given orders of some buyers whose messages wait in the queue. */
async function givenOrders(count: number, price = 0) {
  const queue = captureQueue();
  const skuId = await onSale({ stock: count, price });
  const crowd = await buyers(count);
  const orders = await Promise.all(crowd.map((buyer) => bought(buyer, skuId)));
  const messages = await takeMessages(queue, skuId, count);
  return { queue, skuId, crowd, orders, messages };
}

const statusOf = async ({ id }: Buyer) => (await readModelOf(id))[0]?.status;

test("a batch settles each of its orders and acknowledges each message", async () => {
  const { skuId, crowd, messages } = await givenOrders(20);

  expect((await deliver(messages)).acked).toHaveLength(20);

  for (const buyer of crowd) expect(await statusOf(buyer)).toBe("confirmed");
  expect(await ledger(skuId)).toMatchObject({ sold: 20, held: 0, unacknowledged: 0 });
});

test("delivered again, together, one by one or backwards: the same orders, the same versions", async () => {
  const { skuId, crowd, messages } = await givenOrders(10);
  await deliver(messages);
  const before = await Promise.all(crowd.map(({ id }) => readModelOf(id)));

  await deliver([...messages, ...messages].reverse());
  for (const message of messages) await deliver([message]);
  await Promise.all([deliver(messages), deliver(messages)]);

  expect(await Promise.all(crowd.map(({ id }) => readModelOf(id)))).toEqual(before);
  expect(await ledger(skuId)).toMatchObject({ sold: 10, unacknowledged: 0 });
});

test("two deliveries of one batch at the same moment confirm each order once", async () => {
  const { skuId, crowd, messages } = await givenOrders(10);

  await Promise.all([deliver(messages), deliver([...messages].reverse()), deliver(messages)]);

  expect(await ledger(skuId)).toMatchObject({ sold: 10, held: 0, unacknowledged: 0 });
  for (const { id } of crowd) {
    expect(await readModelOf(id)).toMatchObject([{ status: "confirmed", version: 2 }]);
  }
});

test("a message that comes late says nothing false: the ledger is asked, not the message", async () => {
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

test("an older state never overwrites a newer one in the read model", async () => {
  const { crowd, messages } = await givenOrders(1);
  const buyer = crowd[0] as Buyer;
  await deliver(messages);
  const [confirmed] = await readModelOf(buyer.id);

  await deliver(messages.map((message) => ({ ...message, version: 1 })));
  await deliver(messages.map((message) => ({ ...message, version: 999 })));

  expect(await readModelOf(buyer.id)).toEqual([confirmed]);
});

test("one bad message delays none of its neighbours", async () => {
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

test("an order the ledger does not know is tried again, not dropped, and confirms nothing", async () => {
  const { skuId, messages } = await givenOrders(1);
  const stranger = await aBuyer();
  const forged = [
    { ...messages[0], userId: stranger.id },
    { ...messages[0], orderId: `${skuId}.0.${"a".repeat(20)}` },
    { ...messages[0], skuId: unique("elsewhere") },
  ];

  const { retried } = await deliver(forged);

  expect(retried).toHaveLength(forged.length);
  expect(await readModelOf(stranger.id)).toEqual([]);
});

test("a message of an unknown version is kept for the operator in the end, and can be replayed", async () => {
  const { queue, crowd, messages } = await givenOrders(1);
  const buyer = crowd[0] as Buyer;
  const unknown = { ...messages[0], v: 2, marker: unique("marker") };

  expect((await deliver([unknown], { attempts: 1 })).retried).toEqual([unknown]);
  expect((await deliver([unknown], { attempts: 10 })).acked).toEqual([unknown]);

  const buried = await until("it lies with the dead letters", () =>
    queue.find((body) => (body as unknown as { message?: typeof unknown }).message?.v === 2),
  );
  expect(buried).toMatchObject({ message: unknown, attempts: 10 });
  await deliver([buried], { queue: "doorbuster-orders-dlq" });
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

// Dead letters: messages that exhausted their retries are stored for the operator, who can read, replay and discard
// them.
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import worker from "../../src/index.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import type { DeadLetter } from "../../src/orders/delivery.ts";
import { PAYMENTS_QUEUE } from "../../src/orders/payment-retry.ts";
import { admin } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import {
  emptyRedis,
  KEYS,
  readModelOf,
  redis,
  redisIsBack,
  redisIsDown,
} from "../support/redis.ts";
import { ledger, until } from "../support/shop.ts";
import {
  deliverTo,
  givenOrder,
  givenPaid,
  nextMessage,
  type Purchase,
  TestGateway,
} from "./saga-fixtures.ts";

beforeEach(emptyRedis);

const DEAD_LETTERS = "doorbuster-orders-dlq";

const letters = async () => {
  const { body } = await admin<{ deadLetters: DeadLetter[] }>("GET", "/dead-letters");
  return body.deadLetters;
};
const replay = (id: string) =>
  admin<{ replayed: number }>("POST", `/dead-letters/${encodeURIComponent(id)}/replay`);

/** The dead letter that the consumer sent about an order, taken out of the dead-letter queue. */
const deadLetterOf = ({ queue, order }: Purchase) =>
  until("the dead letter is in the queue", () => {
    const at = queue.findIndex((body) => (body as unknown as DeadLetter).id === order.id);
    return at < 0 ? undefined : (queue.splice(at, 1)[0] as unknown as DeadLetter);
  });

/** Makes a paid order that became a dead letter, because the gateway was down at its last delivery. */
async function givenDeadLetter() {
  const purchase = await givenOrder(await givenPaid());
  const gateway = new TestGateway();
  gateway.down = true;
  const { acked } = await deliverTo(gateway, [purchase.message], { attempts: 10 });
  expect(acked).toHaveLength(1);
  gateway.down = false;
  return { ...purchase, gateway, letter: await deadLetterOf(purchase) };
}

async function givenStoredDeadLetter() {
  const dead = await givenDeadLetter();
  await deliver([dead.letter], { queue: DEAD_LETTERS });
  return dead;
}

test("retries a message until its last delivery, then stores it with the reason", async () => {
  const purchase = await givenOrder(await givenPaid());
  const gateway = new TestGateway();
  gateway.down = true;
  for (let attempts = 1; attempts < 10; attempts += 1) {
    const { retried } = await deliverTo(gateway, [purchase.message], { attempts });
    expect(retried).toHaveLength(1);
  }
  await deliverTo(gateway, [purchase.message], { attempts: 10 });

  const letter = await deadLetterOf(purchase);
  expect((await deliver([letter], { queue: DEAD_LETTERS })).acked).toHaveLength(1);

  const expected = {
    id: purchase.order.id,
    queue: "doorbuster-payments",
    message: purchase.message,
    reason: expect.stringMatching(/^the charge is undecided .*the gateway is down/),
    attempts: 10,
    diedAt: expect.stringMatching(/Z$/),
  };
  expect(await letters()).toEqual([expected]);
  expect((await admin("GET", `/dead-letters/${letter.id}`)).body).toEqual({
    ...expected,
    order: expect.objectContaining({ id: purchase.order.id, payment: "due" }),
  });
});

test("acknowledges a dead letter only once it is stored", async () => {
  const { letter } = await givenDeadLetter();
  await redisIsDown();
  const { acked, retried } = await deliver([letter], { queue: DEAD_LETTERS });
  expect([acked, retried]).toEqual([[], [letter]]);

  await redisIsBack();
  expect((await deliver([letter], { queue: DEAD_LETTERS })).acked).toHaveLength(1);
  expect(await letters()).toMatchObject([{ id: letter.id }]);
});

test("keeps the order reserved in the ledger, and settles it when the dead letter is replayed", async () => {
  const dead = await givenStoredDeadLetter();
  expect(await ledger(dead.skuId)).toMatchObject({ held: 1, unacknowledged: 1 });

  expect((await replay(dead.letter.id)).body).toEqual({ replayed: 1 });
  expect(await letters()).toEqual([]);
  await deliverTo(dead.gateway, [await nextMessage(dead.queue, dead.order.id)]);

  expect(await ledger(dead.skuId)).toMatchObject({ sold: 1, held: 0, unacknowledged: 0 });
  expect(await readModelOf(dead.buyer.id)).toMatchObject([{ status: "confirmed" }]);
});

test("charges once even if a dead letter is replayed twice", async () => {
  const dead = await givenStoredDeadLetter();

  const both = await Promise.all([replay(dead.letter.id), replay(dead.letter.id)]);
  expect(both.map(({ status }) => status)).toContain(200);
  expect((await replay(dead.letter.id)).code).toBe("not_found");

  await deliverTo(dead.gateway, [dead.message, dead.message]);
  await deliverTo(dead.gateway, [dead.message]);
  const charges = dead.gateway.calls.filter((call) => call.startsWith("charge"));
  expect(charges).toHaveLength(2); // the failed one before, and one after the replay
  expect(await readModelOf(dead.buyer.id)).toMatchObject([{ status: "confirmed", version: 2 }]);
});

test("replaces the dead letter of an order that fails again", async () => {
  const dead = await givenStoredDeadLetter();
  dead.gateway.down = true;
  await deliverTo(dead.gateway, [dead.message], { attempts: 10 });
  await deliver([await deadLetterOf(dead)], { queue: DEAD_LETTERS });

  expect(await letters()).toHaveLength(1);
});

test("replays all dead letters with one request", async () => {
  const dead = [
    await givenStoredDeadLetter(),
    await givenStoredDeadLetter(),
    await givenStoredDeadLetter(),
  ];
  expect((await letters()).map(({ id }) => id)).toEqual(dead.map(({ letter }) => letter.id));

  expect((await replay("all")).body).toEqual({ replayed: 3 });

  expect(await letters()).toEqual([]);
  const queue = dead.at(-1)?.queue ?? [];
  for (const { order } of dead) await nextMessage(queue, order.id);
  expect((await replay("all")).body).toEqual({ replayed: 0 });
});

test("deletes a discarded dead letter, but not its order", async () => {
  const dead = await givenStoredDeadLetter();

  expect((await admin("DELETE", `/dead-letters/${dead.letter.id}`)).status).toBe(204);
  expect((await admin("DELETE", `/dead-letters/${dead.letter.id}`)).code).toBe("not_found");
  expect(await letters()).toEqual([]);

  expect(await ledger(dead.skuId)).toMatchObject({ unacknowledged: 1 });
});

test("replays messages that the platform dead-lettered into the queues they came from", async () => {
  const { queue, message, order, buyer } = await givenOrder(await givenPaid());
  const event = { id: `${order.id}.2`, type: "order.confirmed", userId: buyer.id, order };

  await deliver([message, event, "garbage"], { queue: DEAD_LETTERS });

  const stored = await letters();
  expect(stored.map((letter) => [letter.queue, letter.message])).toEqual(
    expect.arrayContaining([
      ["doorbuster-orders", message],
      ["doorbuster-webhooks", event],
      ["doorbuster-orders", "garbage"],
    ]),
  );
  await replay("all");
  // Ledgers may send orders of earlier tests again meanwhile.
  const texts = () => queue.map((body) => JSON.stringify(body));
  await until("all are back in their queues", () =>
    [message, event, "garbage"].every((sent) => texts().includes(JSON.stringify(sent))),
  );
});

test("replays the dead letter of a payment into the queue of the paid orders", async () => {
  const dead = await givenStoredDeadLetter();
  const queues: string[] = [];
  vi.spyOn(worker, "queue").mockImplementation(async ({ queue, messages }) => {
    const ids = messages.map(({ body }) => (body as OrderMessage).orderId);
    if (ids.includes(dead.order.id)) queues.push(queue);
  });

  await replay(dead.letter.id);

  await until("the message is in a queue", () => queues.length > 0);
  expect(queues).toEqual([PAYMENTS_QUEUE]);
});

describe("no dead letter remains about a settled order", () => {
  test("if Redis was down for all deliveries of its message", async () => {
    const sale = await givenPaid({ stock: 20 });
    const purchases: Purchase[] = [];
    for (let i = 0; i < 20; i += 1) purchases.push(await givenOrder(sale));
    const messages = purchases.map(({ message }) => message);
    const gateway = new TestGateway();

    await redisIsDown();
    for (let attempts = 1; attempts < 10; attempts += 1) {
      expect((await deliverTo(gateway, messages, { attempts })).retried).toHaveLength(20);
    }
    expect((await deliverTo(gateway, messages, { attempts: 10 })).acked).toHaveLength(20);
    await redisIsBack();

    expect((await ledger(sale.skuId)).unacknowledged).toBe(20); // so the ledger will resend them
    expect(sale.queue.filter((body) => "diedAt" in body)).toEqual([]);
    expect((await deliverTo(gateway, messages)).acked).toHaveLength(20);
    expect(await letters()).toEqual([]);
    expect((await ledger(sale.skuId)).unacknowledged).toBe(0);
  });

  test("if its object was overloaded at the last delivery", async () => {
    const purchase = await givenOrder(await givenPaid());
    const gateway = new TestGateway();
    const spy = vi.spyOn(SkuInventory.prototype, "claim").mockImplementation(() => {
      throw new Error("overloaded");
    });
    onTestFinished(() => spy.mockRestore());
    expect((await deliverTo(gateway, [purchase.message], { attempts: 10 })).acked).toHaveLength(1);
    expect(purchase.queue.filter((body) => "diedAt" in body)).toEqual([]);
  });

  test("if it was stored before the order was settled", async () => {
    const dead = await givenStoredDeadLetter();
    const other = await givenStoredDeadLetter();
    expect(await letters()).toHaveLength(2);

    await deliverTo(dead.gateway, [dead.message]);

    expect((await letters()).map(({ id }) => id)).toEqual([other.order.id]);
  });

  test("if the order was settled before it was stored", async () => {
    const dead = await givenDeadLetter();
    await deliverTo(dead.gateway, [dead.message]);
    expect((await deliver([dead.letter], { queue: DEAD_LETTERS })).acked).toHaveLength(1);
    expect(await letters()).toEqual([]);
  });

  test("if the platform made it, because the consumer crashed at every delivery", async () => {
    const early = await givenOrder(await givenPaid());
    const late = await givenOrder(await givenPaid());
    const gateway = new TestGateway();
    await deliverTo(gateway, [early.message]);
    await deliver([early.message, late.message], { queue: DEAD_LETTERS });
    expect((await letters()).map(({ id }) => id)).toEqual([late.order.id]);

    await deliverTo(gateway, [late.message]);

    expect(await letters()).toEqual([]);
  });

  test("except while the order's charge is still undecided", async () => {
    const dead = await givenStoredDeadLetter();
    dead.gateway.down = true;
    await deliverTo(dead.gateway, [dead.message]);
    expect(await letters()).toHaveLength(1);
  });
});

describe("an unreadable dead letter", () => {
  test.each(["x", "{", "null", '{"id":1}', ""])(
    "(%j) does not hide others, and can be discarded",
    async (text) => {
      const { letter } = await givenStoredDeadLetter();
      await redis("HSET", KEYS.deadLetters, "bad letter/1", text);

      const listed = await letters();
      expect(listed.map(({ id }) => id).sort()).toEqual([letter.id, "bad letter/1"].sort());
      expect(listed.find(({ id }) => id !== letter.id)).toMatchObject({
        message: text,
        reason: expect.stringContaining("cannot be read"),
      });
      expect((await replay("bad letter/1")).code).toBe("invalid_request");
      expect((await replay("all")).body).toEqual({ replayed: 1 });
      const path = `/dead-letters/${encodeURIComponent("bad letter/1")}`;
      expect((await admin("GET", path)).status).toBe(200);
      expect((await admin("DELETE", path)).status).toBe(204);
      expect(await letters()).toEqual([]);
    },
  );
});

describe("a dead letter", () => {
  const show = async (id: string) => (await admin("GET", `/dead-letters/${id}`)).body;

  test("is shown with its order as the ledger has it now", async () => {
    const { order, buyer, letter } = await givenStoredDeadLetter();
    expect(await show(letter.id)).toMatchObject({
      reason: expect.any(String),
      attempts: 10,
      order: { id: order.id, userId: buyer.id, status: "reserved", isPublished: false },
    });
  });

  test("is shown without its order while the ledger does not answer", async () => {
    const { letter } = await givenStoredDeadLetter();
    const spy = vi.spyOn(SkuInventory.prototype, "inspect").mockImplementation(() => {
      throw new Error("the object died");
    });
    onTestFinished(() => spy.mockRestore());
    const body = await show(letter.id);
    expect(body).toMatchObject({ id: letter.id, ledger: "unavailable" });
    expect(body).not.toHaveProperty("order");
  });

  test.each([
    ["names no order", "garbage", undefined],
    ["names an order that never existed", { orderId: `never.0.${"a".repeat(20)}` }, null],
    ["names nonsense", { orderId: "\u0000" }, null],
  ])("that %s is shown as it is", async (_, message, order) => {
    await deliver([{ ...aLetter("odd"), message }], { queue: DEAD_LETTERS });
    expect((await show("odd")).order).toEqual(order);
  });
});

const aLetter = (id: string) => ({
  id,
  queue: "doorbuster-orders",
  message: "garbage",
  reason: "the message cannot be read",
  attempts: 10,
  diedAt: new Date().toISOString(),
});

describe("the dead letter id", () => {
  test.each([
    "__proto__",
    "constructor",
    "a b",
    "a/b",
    "100%",
    "%2F",
    "ä❤",
    "x".repeat(256),
    "*",
    "-",
  ])("%j addresses exactly one dead letter", async (id) => {
    await deliver([aLetter(id), aLetter("other")], { queue: DEAD_LETTERS });
    const path = `/dead-letters/${encodeURIComponent(id)}`;
    expect((await admin("GET", path)).body).toMatchObject({ id });
    expect((await admin("DELETE", path)).status).toBe(204);
    expect((await letters()).map((stored) => stored.id)).toEqual(["other"]);
    expect((await admin("DELETE", path)).code).toBe("not_found");
  });

  test.each(["", ".", "..", "all", "x".repeat(10_000), "\ud800"])(
    "%j cannot be part of a path, so it is replaced",
    async (id) => {
      await deliver([aLetter(id)], { queue: DEAD_LETTERS });
      const [stored] = await letters();
      expect(stored?.id).not.toBe(id);
      expect((await admin("DELETE", `/dead-letters/${stored?.id}`)).status).toBe(204);
    },
  );
});

test("lists many dead letters in pages, and replays up to a thousand per request", async () => {
  const { queue } = await givenPaid();
  const many = Array.from({ length: 1_200 }, (_, i) => aLetter(`letter-${i}`));
  const fields = many.flatMap((letter) => [letter.id, JSON.stringify(letter)]);
  await redis("HSET", KEYS.deadLetters, ...fields);

  const ids = new Set<string>();
  let cursor: string | undefined;
  do {
    const path: string = `/dead-letters${cursor ? `?cursor=${cursor}` : ""}`;
    const { body } = await admin<{ deadLetters: DeadLetter[]; cursor?: string }>("GET", path);
    for (const { id } of body.deadLetters) ids.add(id);
    expect(body.deadLetters.length).toBeLessThan(1_000);
    cursor = body.cursor;
  } while (cursor);
  expect(ids.size).toBe(1_200);

  expect((await replay("all")).body).toEqual({ replayed: 1_000, more: true });
  expect((await replay("all")).body).toEqual({ replayed: 200 });
  expect(await letters()).toEqual([]);
  const replayed = () => queue.filter((body) => (body as unknown) === "garbage");
  await until("all are in the queue", () => replayed().length === 1_200);
});

test("rejects an invalid cursor", async () => {
  expect((await admin("GET", "/dead-letters?cursor=x")).code).toBe("invalid_request");
});

// What was given up is kept for the operator, with its story: look, replay, discard. Nothing is lost, and
// nothing is done twice.
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import type { DeadLetter } from "../../src/orders/delivery.ts";
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
} from "./saga-world.ts";

beforeEach(emptyRedis);

const DEAD_LETTERS = "doorbuster-orders-dlq";

const letters = async () => {
  const { body } = await admin<{ deadLetters: DeadLetter[] }>("GET", "/dead-letters");
  return body.deadLetters;
};
const replay = (id: string) =>
  admin<{ replayed: number }>("POST", `/dead-letters/${encodeURIComponent(id)}/replay`);

/** What the consumer buried, as the dead-letter queue carries it. */
const buried = ({ queue, order }: Purchase) =>
  until("a letter on its way", () => {
    const at = queue.findIndex((body) => (body as unknown as DeadLetter).id === order.id);
    return at < 0 ? undefined : (queue.splice(at, 1)[0] as unknown as DeadLetter);
  });

/** Given a paid order that was given up after its last delivery, for the gateway never answered. */
async function givenDead() {
  const purchase = await givenOrder(await givenPaid());
  const gateway = new TestGateway();
  gateway.down = true;
  const { acked } = await deliverTo(gateway, [purchase.message], { attempts: 10 });
  expect(acked).toHaveLength(1);
  gateway.down = false;
  return { ...purchase, gateway, letter: await buried(purchase) };
}

async function givenKept() {
  const dead = await givenDead();
  await deliver([dead.letter], { queue: DEAD_LETTERS });
  return dead;
}

test("before its last delivery a message is tried again, after it it is kept with its story", async () => {
  const purchase = await givenOrder(await givenPaid());
  const gateway = new TestGateway();
  gateway.down = true;
  for (let attempts = 1; attempts < 10; attempts += 1) {
    const { retried } = await deliverTo(gateway, [purchase.message], { attempts });
    expect(retried).toHaveLength(1);
  }
  await deliverTo(gateway, [purchase.message], { attempts: 10 });

  const letter = await buried(purchase);
  expect((await deliver([letter], { queue: DEAD_LETTERS })).acked).toHaveLength(1);

  const story = {
    id: purchase.order.id,
    queue: "doorbuster-orders",
    message: purchase.message,
    reason: expect.stringMatching(/^the charge is undecided .*the gateway is down/),
    attempts: 10,
    diedAt: expect.stringMatching(/Z$/),
  };
  expect(await letters()).toEqual([story]);
  expect((await admin("GET", `/dead-letters/${letter.id}`)).body).toEqual(story);
});

test("it is acknowledged only once it is stored", async () => {
  const { letter } = await givenDead();
  await redisIsDown();
  const { acked, retried } = await deliver([letter], { queue: DEAD_LETTERS });
  expect([acked, retried]).toEqual([[], [letter]]);

  await redisIsBack();
  expect((await deliver([letter], { queue: DEAD_LETTERS })).acked).toHaveLength(1);
  expect(await letters()).toMatchObject([{ id: letter.id }]);
});

test("an order keeps its place in the ledger, and settles when its letter is replayed", async () => {
  const dead = await givenKept();
  expect(await ledger(dead.skuId)).toMatchObject({ held: 1, unacknowledged: 1 });

  expect((await replay(dead.letter.id)).body).toEqual({ replayed: 1 });
  expect(await letters()).toEqual([]);
  await deliverTo(dead.gateway, [await nextMessage(dead.queue, dead.order.id)]);

  expect(await ledger(dead.skuId)).toMatchObject({ sold: 1, held: 0, unacknowledged: 0 });
  expect(await readModelOf(dead.buyer.id)).toMatchObject([{ status: "confirmed" }]);
});

test("replaying twice, in turn or at once, does no harm", async () => {
  const dead = await givenKept();

  const both = await Promise.all([replay(dead.letter.id), replay(dead.letter.id)]);
  expect(both.map(({ status }) => status)).toContain(200);
  expect((await replay(dead.letter.id)).code).toBe("not_found");

  await deliverTo(dead.gateway, [dead.message, dead.message]);
  await deliverTo(dead.gateway, [dead.message]);
  const charges = dead.gateway.calls.filter((call) => call.startsWith("charge"));
  expect(charges).toHaveLength(2); // the one that killed it, and the one that counts
  expect(await readModelOf(dead.buyer.id)).toMatchObject([{ status: "confirmed", version: 2 }]);
});

test("an order that dies again replaces its letter", async () => {
  const dead = await givenKept();
  dead.gateway.down = true;
  await deliverTo(dead.gateway, [dead.message], { attempts: 10 });
  await deliver([await buried(dead)], { queue: DEAD_LETTERS });

  expect(await letters()).toHaveLength(1);
});

test("all at once", async () => {
  const dead = [await givenKept(), await givenKept(), await givenKept()];
  expect((await letters()).map(({ id }) => id)).toEqual(dead.map(({ letter }) => letter.id));

  expect((await replay("all")).body).toEqual({ replayed: 3 });

  expect(await letters()).toEqual([]);
  const queue = dead.at(-1)?.queue ?? [];
  for (const { order } of dead) await nextMessage(queue, order.id);
  expect((await replay("all")).body).toEqual({ replayed: 0 });
});

test("a discarded letter is gone; its order is not", async () => {
  const dead = await givenKept();

  expect((await admin("DELETE", `/dead-letters/${dead.letter.id}`)).status).toBe(204);
  expect((await admin("DELETE", `/dead-letters/${dead.letter.id}`)).code).toBe("not_found");
  expect(await letters()).toEqual([]);

  expect(await ledger(dead.skuId)).toMatchObject({ unacknowledged: 1 });
});

test("what the platform buried because its consumer crashed goes back where it came from", async () => {
  const { queue, message, order, buyer } = await givenOrder(await givenPaid());
  const event = { id: `${order.id}.2`, type: "order.confirmed", userId: buyer.id, order };

  await deliver([message, event, "garbage"], { queue: DEAD_LETTERS });

  const kept = await letters();
  expect(kept.map((letter) => [letter.queue, letter.message])).toEqual(
    expect.arrayContaining([
      ["doorbuster-orders", message],
      ["doorbuster-webhooks", event],
      ["doorbuster-orders", "garbage"],
    ]),
  );
  await replay("all");
  await until("all are back in their queues", () => queue.length === 3);
});

describe("no letter is left about an order that is settled", () => {
  test("after Redis was down for longer than a message lives", async () => {
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

    expect((await ledger(sale.skuId)).unacknowledged).toBe(20); // so the ledger sends them again
    expect(sale.queue.filter((body) => "diedAt" in body)).toEqual([]);
    expect((await deliverTo(gateway, messages)).acked).toHaveLength(20);
    expect(await letters()).toEqual([]);
    expect((await ledger(sale.skuId)).unacknowledged).toBe(0);
  });

  test("because its object was overloaded at every delivery", async () => {
    const purchase = await givenOrder(await givenPaid());
    const gateway = new TestGateway();
    const spy = vi.spyOn(SkuInventory.prototype, "claim").mockImplementation(() => {
      throw new Error("overloaded");
    });
    onTestFinished(() => spy.mockRestore());
    expect((await deliverTo(gateway, [purchase.message], { attempts: 10 })).acked).toHaveLength(1);
    expect(purchase.queue.filter((body) => "diedAt" in body)).toEqual([]);
  });

  test("that was given up before", async () => {
    const dead = await givenKept();
    const other = await givenKept();
    expect(await letters()).toHaveLength(2);

    await deliverTo(dead.gateway, [dead.message]);

    expect((await letters()).map(({ id }) => id)).toEqual([other.order.id]);
  });

  test("while its letter was on the way", async () => {
    const dead = await givenDead();
    await deliverTo(dead.gateway, [dead.message]);
    expect((await deliver([dead.letter], { queue: DEAD_LETTERS })).acked).toHaveLength(1);
    expect(await letters()).toEqual([]);
  });

  test("but one about an order that still waits for its money stays", async () => {
    const dead = await givenKept();
    dead.gateway.down = true;
    await deliverTo(dead.gateway, [dead.message]);
    expect(await letters()).toHaveLength(1);
  });
});

describe("a letter nobody can read", () => {
  test.each(["x", "{", "null", '{"id":1}', ""])(
    "(%j) hides no other, and can be discarded",
    async (text) => {
      const { letter } = await givenKept();
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

const aLetter = (id: string) => ({
  id,
  queue: "doorbuster-orders",
  message: "garbage",
  reason: "the message cannot be read",
  attempts: 10,
  diedAt: new Date().toISOString(),
});

describe("a letter's id", () => {
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
  ])("%j leads to it and to no other", async (id) => {
    await deliver([aLetter(id), aLetter("other")], { queue: DEAD_LETTERS });
    const path = `/dead-letters/${encodeURIComponent(id)}`;
    expect((await admin("GET", path)).body).toMatchObject({ id });
    expect((await admin("DELETE", path)).status).toBe(204);
    expect((await letters()).map((kept) => kept.id)).toEqual(["other"]);
    expect((await admin("DELETE", path)).code).toBe("not_found");
  });

  test.each(["", ".", "..", "all", "x".repeat(10_000), "\ud800"])(
    "%j could not be asked for, so the letter gets another",
    async (id) => {
      await deliver([aLetter(id)], { queue: DEAD_LETTERS });
      const [kept] = await letters();
      expect(kept?.id).not.toBe(id);
      expect((await admin("DELETE", `/dead-letters/${kept?.id}`)).status).toBe(204);
    },
  );
});

test("a thousand letters are listed page by page, and replayed a thousand at a time", async () => {
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

test("a cursor that is none is refused", async () => {
  expect((await admin("GET", "/dead-letters?cursor=x")).code).toBe("invalid_request");
});

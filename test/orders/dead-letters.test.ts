// What was given up is kept for the operator, with its story: look, replay, discard. Nothing is lost, and
// nothing is done twice.
import { beforeEach, expect, test } from "vitest";
import type { DeadLetter } from "../../src/orders/delivery.ts";
import { admin } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, readModelOf, redisIsBack, redisIsDown } from "../support/redis.ts";
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

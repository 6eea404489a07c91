// The shop's webhook is down: events wait without being posted, and all of them arrive afterwards.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { allBreakers } from "../../src/edge/breaker.ts";
import { GIVE_UP_MS } from "../../src/inventory/owed-events.ts";
import type { DeadLetter } from "../../src/orders/delivery.ts";
import { givenClock } from "../support/clock.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { givenPaid } from "./saga-fixtures.ts";
import { givenEvent, givenShop, idsOf, post, unannounced } from "./webhook-fixtures.ts";

beforeEach(emptyRedis);
beforeEach(redisIsBack);

const receiver = () => allBreakers().get("webhook");

/** Events of one SKU that the shop has not received. */
async function givenEvents(count: number) {
  const sale = await givenPaid({ stock: count });
  const events = [];
  for (let i = 0; i < count; i += 1) events.push((await givenEvent(sale)).event);
  return { ...sale, events };
}

test("posts nothing while the shop is down but probes, and delivers every event once it is back", async () => {
  let isDown = true;
  const received = givenShop(() => (isDown ? 503 : 204));
  const { skuId, events } = await givenEvents(8);
  const clock = givenClock(Date.now());
  for (const event of events.slice(0, 5)) await post([event]);
  expect(receiver()?.state).toBe("open");

  expect(await post(events)).toEqual({ acked: 0, retried: 8 });
  expect(received).toHaveLength(5);
  clock.moveTo(Date.now() + 8_000);
  expect(await post(events)).toEqual({ acked: 0, retried: 8 });
  expect(received).toHaveLength(6); // one probe
  expect(await unannounced(skuId)).toBe(8);

  isDown = false;
  clock.moveTo(Date.now() + 8_000);
  for (const event of events) expect(await post([event])).toEqual({ acked: 1, retried: 0 });
  expect(new Set(idsOf(received.slice(6))).size).toBe(8);
  expect(await unannounced(skuId)).toBe(0);
});

test("makes no dead letter of an event that was not posted, however old it is", async () => {
  const letters: DeadLetter[] = [];
  const send = vi.spyOn(env.DEAD_LETTERS, "send").mockImplementation(async (letter) => {
    letters.push(letter as DeadLetter);
    return {} as QueueSendResponse;
  });
  const received = givenShop(() => 0);
  const { events } = await givenEvents(6);
  const clock = givenClock(Date.now());
  for (const event of events.slice(0, 5)) await post([event]);
  clock.moveTo(Date.now() + GIVE_UP_MS);
  for (let i = 0; i < 5; i += 1) await post([events[0]]);
  const posted = received.length;
  await post([events[5]], { attempts: 10 });
  send.mockRestore();
  expect(received).toHaveLength(posted);
  expect(letters).toEqual([]);
});

test("goes on posting to a shop that refuses single events", async () => {
  const received = givenShop(() => 400);
  const { events } = await givenEvents(1);
  for (let i = 0; i < 7; i += 1) await post(events);
  expect(received).toHaveLength(7);
  expect(receiver()?.state).toBe("closed");
});

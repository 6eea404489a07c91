// A receiver that answers 410 gets nothing more: events stay owed, and go on when it is back or its URL changes.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { WebhookState } from "../../src/admin/webhooks.ts";
import { requireConfig } from "../../src/config/config.ts";
import { WebhookDesk } from "../../src/orders/webhook-desk.ts";
import { resumeSending } from "../../src/orders/webhook-desk-client.ts";
import { givenClock } from "../support/clock.ts";
import { pageText, postForm, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, admin } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { until } from "../support/shop.ts";
import { ddlOf, versionOf } from "../support/tables.ts";
import { givenPaid, type PaidSale } from "./saga-fixtures.ts";
import {
  givenEvent,
  givenShop,
  idsOf,
  post,
  takeEventMessages,
  unannounced,
  VARS,
} from "./webhook-fixtures.ts";

beforeEach(emptyRedis);
beforeEach(redisIsBack);
beforeEach(() => resumeSending(env));
beforeEach(() => {
  const config = requireConfig(env);
  Object.assign(config, VARS);
  onTestFinished(() => {
    delete config.ORDER_WEBHOOK_URL;
    delete config.ORDER_WEBHOOK_SECRET;
  });
});

const state = async () => (await admin<WebhookState>("GET", "/webhooks")).body;

async function givenEvents(sale: PaidSale, count: number) {
  const events = [];
  for (let i = 0; i < count; i += 1) events.push((await givenEvent(sale)).event);
  return events;
}

test("is sent nothing more, while every event stays owed, also after restarts", async () => {
  const received = givenShop(() => 410);
  const sale = await givenPaid({ stock: 6 });
  const [first, ...others] = await givenEvents(sale, 6);
  expect(await post([first])).toEqual({ acked: 0, retried: 1 });
  expect(received).toHaveLength(1);

  const clock = givenClock(Date.now());
  const reads = vi.spyOn(WebhookDesk.prototype, "stoppedSince");
  onTestFinished(() => reads.mockRestore());
  expect(await post([first, ...others])).toEqual({ acked: 6, retried: 0 });
  for (const event of others) expect(await post([event])).toEqual({ acked: 1, retried: 0 });
  expect(reads).toHaveBeenCalledTimes(0); // costs nothing for each event
  await evictDurableObject(env.WEBHOOK_DESK.getByName("desk"));
  clock.moveTo(Date.now() + 20_000); // so that this isolate asks again
  await post(others);
  expect(reads).toHaveBeenCalledTimes(1);

  expect(received).toHaveLength(1);
  expect(await unannounced(sale.skuId)).toBe(6);
  expect(await state()).toMatchObject({
    receiver: "https://erp.test",
    stoppedSince: expect.any(String),
  });
});

test("gets everything it missed once the operator resumes, but only if it accepts a test", async () => {
  let status = 410;
  const received = givenShop(() => status);
  const sale = await givenPaid({ stock: 3 });
  const events = await givenEvents(sale, 3);
  await post(events);
  expect(received).toHaveLength(3);

  const refused = await admin("POST", "/webhooks/resume");
  expect([refused.status, refused.body.detail]).toEqual([
    503,
    "Nothing was changed: the shop answered 410",
  ]);
  expect((await state()).stoppedSince).not.toBeNull();

  status = 204;
  received.length = 0;
  const resumed = await admin<WebhookState>("POST", "/webhooks/resume");
  expect([resumed.status, resumed.body.stoppedSince]).toEqual([200, null]);
  expect(JSON.parse(received.shift()?.body ?? "")).toMatchObject({ type: "webhook.test" });
  await post(await takeEventMessages(sale, 3));
  expect(idsOf(received).sort()).toEqual(events.map(({ orderId }) => `${orderId}.2`).sort());
  expect(await unannounced(sale.skuId)).toBe(0);
});

test("is not said to get what it missed while too many replays wait", async () => {
  let status = 410;
  givenShop(() => status);
  await post(await givenEvents(await givenPaid(), 1));
  status = 204;
  const spy = vi
    .spyOn(WebhookDesk.prototype, "replay")
    .mockReturnValue({ ok: false, reason: "too_many" });
  onTestFinished(() => spy.mockRestore());
  const answer = await admin("POST", "/webhooks/resume");
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
  expect(answer.body.detail).toContain("Send this request again");
  spy.mockRestore();
  expect(await admin("POST", "/webhooks/resume")).toMatchObject({ status: 200 });
});

test("has no effect on another URL", async () => {
  const received = givenShop(() => 410);
  const sale = await givenPaid({ stock: 1 });
  const events = await givenEvents(sale, 1);
  await post(events);
  const spy = vi.mocked(globalThis.fetch);
  const moved = "https://erp.test/new-hook";
  const before = spy.getMockImplementation() ?? fetch;
  spy.mockImplementation((input, init) =>
    input === moved ? Promise.resolve(new Response(null, { status: 204 })) : before(input, init),
  );
  const vars = { ...VARS, ORDER_WEBHOOK_URL: moved };
  expect(await post(events, { vars })).toEqual({ acked: 1, retried: 0 });
  expect(received).toHaveLength(1);
  expect(await unannounced(sale.skuId)).toBe(0);
});

test("is posted to while nobody knows whether it is gone", async () => {
  const received = givenShop();
  const sale = await givenPaid({ stock: 1 });
  const spy = vi.spyOn(WebhookDesk.prototype, "stoppedSince").mockImplementation(() => {
    throw new Error("the object was moved");
  });
  onTestFinished(() => spy.mockRestore());
  expect(await post(await givenEvents(sale, 1))).toEqual({ acked: 1, retried: 0 });
  expect(received).toHaveLength(1);
});

test("is shown in the console with a way to resume", async () => {
  let status = 410;
  givenShop(() => status);
  await post(await givenEvents(await givenPaid(), 1));
  const cookie = await signedIn(ADMIN_TOKEN);
  const show = () => pageText("/admin/webhooks", cookie);
  expect(await show()).toContain("it is gone (410)");
  const form = { action: "resume", reason: "the receiver is back" };
  const refused = await postForm("/admin/webhooks", form, { cookie });
  expect(refused.status).toBe(503);
  expect(refused.body).toContain("the shop answered 410");
  status = 204;
  expect((await postForm("/admin/webhooks", form, { cookie })).status).toBe(303);
  expect(await show()).not.toContain("it is gone");
  await until("the replay of what is owed has ended", async () =>
    (await state()).replays.every((each) => each.state === "done"),
  );
});

test("keeps the tables of the desk as they were released", async () => {
  const desk = env.WEBHOOK_DESK.getByName("desk");
  await runInDurableObject(desk, (_, { storage: { sql } }) => {
    expect(versionOf(sql)).toBe(1);
    expect(ddlOf(sql)).toEqual({
      schema_version:
        "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
      receiver:
        "CREATE TABLE receiver (id INTEGER PRIMARY KEY CHECK (id = 1), hash TEXT NOT NULL, gone_at INTEGER NOT NULL)",
      replays:
        "CREATE TABLE replays (key TEXT PRIMARY KEY, started_at INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID",
    });
  });
});

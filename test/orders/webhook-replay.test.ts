// The operator replays the events of a time range: under the same ids, for every ledger, once per key, in the background.

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ReplayView, WebhookState } from "../../src/admin/webhooks.ts";
import { requireConfig } from "../../src/config/config.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { pageText, postForm, showPage, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, admin, call, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { unique, until } from "../support/shop.ts";
import { givenOrder, type PaidSale } from "./saga-fixtures.ts";
import {
  eventMessagesIn,
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
beforeEach(() => {
  const config = requireConfig(env);
  Object.assign(config, VARS);
  onTestFinished(() => {
    delete config.ORDER_WEBHOOK_URL;
    delete config.ORDER_WEBHOOK_SECRET;
    config.ORDER_WEBHOOK_EVENTS = [];
  });
});

const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
const HOUR_MS = 3_600_000;
const lastHour = () => ({ from: iso(Date.now() - HOUR_MS), to: iso(Date.now()) });

const replay = (body: object, key = unique("replay")) =>
  admin<ReplayView & { issues?: { path: string; message: string }[] }>("POST", "/webhooks/replay", {
    body,
    headers: { "idempotency-key": key },
  });

const state = async () => (await admin<WebhookState>("GET", "/webhooks")).body;

/** Waits until a replay has ended. */
const done = (key: string) =>
  until("the replay has ended", async () => {
    const found = (await state()).replays.find((each) => each.key === key);
    return found?.state === "done" ? found : undefined;
  });

/** Makes a confirmed order whose event the shop has accepted. */
async function givenDelivered(sale?: PaidSale) {
  const purchase = await givenEvent(sale);
  await post([purchase.event]);
  const { body } = await admin<{ changedAt: string }>("GET", `/orders/${purchase.order.id}`);
  return { ...purchase, changedAt: Date.parse(body.changedAt) };
}

test("sends every event of the range again under the same id, of deleted sales too, and no other", async () => {
  const received = givenShop();
  const early = await givenDelivered();
  await until("the clock has moved", () => Date.now() > early.changedAt);
  const from = Date.now();
  const kept = await givenDelivered();
  await givenOrder(kept, {}); // reserved: has no event
  const gone = await givenDelivered();
  await admin("DELETE", `/sales/${gone.order.saleId}`);
  await until("the clock has moved", () => Date.now() > gone.changedAt);
  received.length = 0;

  const key = unique("replay");
  const range = { from: iso(from), to: iso(Date.now()) };
  const started = await replay(range, key);
  expect(started).toMatchObject({ status: 202, body: { ...range, key, state: "running" } });
  expect(await done(key)).toMatchObject({ events: 2, failed: [] });

  const { queue } = gone; // where all messages go since this sale
  await post([
    ...(await takeEventMessages({ ...kept, queue })),
    ...(await takeEventMessages(gone)),
  ]);
  expect(idsOf(received).sort()).toEqual([`${kept.order.id}.2`, `${gone.order.id}.2`].sort());
  expect(eventMessagesIn({ ...early, queue })).toEqual([]);
  expect(await unannounced(kept.skuId)).toBe(0);
});

test("replays only the types and the SKU that are named", async () => {
  givenShop();
  const one = await givenDelivered();
  const other = await givenDelivered();
  await until("the clock has moved", () => Date.now() > other.changedAt);
  const byType = unique("replay");
  await replay({ ...lastHour(), types: ["order.refunded", "order.expired"] }, byType);
  expect(await done(byType)).toMatchObject({ events: 0 });
  const bySku = unique("replay");
  await replay({ ...lastHour(), types: ["order.confirmed"], sku: one.skuId }, bySku);
  expect(await done(bySku)).toMatchObject({ events: 1, ledgers: 1, sku: one.skuId });
  expect(await takeEventMessages({ ...one, queue: other.queue })).toHaveLength(1);
  expect(eventMessagesIn(other)).toEqual([]);
});

test("replays once for a key, however often and concurrently it is sent, and logs it once", async () => {
  const { skuId, queue, changedAt } = await givenDelivered();
  await until("the clock has moved", () => Date.now() > changedAt);
  const [key, body] = [unique("replay"), { ...lastHour(), sku: skuId }];
  const answers = await Promise.all([1, 2, 3].map(() => replay(body, key)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  const isRepeated = answers.map(({ headers }) => headers.get("idempotent-replayed"));
  expect(isRepeated.sort()).toEqual([null, "true", "true"].sort());
  await done(key);
  await takeEventMessages({ skuId, queue });
  expect((await replay(body, key)).body).toMatchObject({ state: "done", events: 1 });
  expect(eventMessagesIn({ skuId, queue } as PaidSale)).toEqual([]);

  const reused = await replay({ ...body, types: ["order.confirmed"] }, key);
  expect([reused.status, reused.code]).toEqual([422, "idempotency_key_reused"]);
  const path = `/log?target=sku/${skuId}`;
  const { entries } = (await admin<{ entries: { action: string; outcome: string }[] }>("GET", path))
    .body;
  expect(entries.filter(({ action }) => action === "webhooks.replayed")).toMatchObject([
    { outcome: "done" },
  ]);
});

test("goes on after the desk was restarted, and past a ledger that does not answer at first", async () => {
  const { skuId, changedAt } = await givenDelivered();
  await until("the clock has moved", () => Date.now() > changedAt);
  const spy = vi.spyOn(SkuInventory.prototype, "resendEvents").mockImplementation(() => {
    throw new Error("the object was moved");
  });
  const key = unique("replay");
  await replay({ ...lastHour(), sku: skuId }, key);
  await until("a try", () => spy.mock.calls.length > 0);
  spy.mockRestore();
  await evictDurableObject(env.WEBHOOK_DESK.getByName("desk"));
  expect(await done(key)).toMatchObject({ events: 1, failed: [] });
});

describe("refuses", () => {
  const now = Date.now();
  test.each<[string, object, string]>([
    ["an inverted range", { from: iso(now - 1_000), to: iso(now - 2_000) }, "to"],
    ["an empty range", { from: iso(now - 1_000), to: iso(now - 1_000) }, "to"],
    ["a range that ends in the future", { from: iso(now), to: iso(now + HOUR_MS) }, "to"],
    ["more than 92 days", { from: "2020-01-01T00:00:00Z", to: iso(now - 1_000) }, "from"],
    ["a time without a zone", { from: "2026-01-01T00:00:00", to: iso(now) }, "from"],
    ["a time that is none", { from: "yesterday", to: iso(now) }, "from"],
    ["a number", { from: now - 1_000, to: iso(now) }, "from"],
    ["a missing end", { from: iso(now - 1_000) }, "to"],
    ["an unknown type", { ...lastHour(), types: ["order.lost"] }, "types.0"],
    ["no type", { ...lastHour(), types: [] }, "types"],
    ["a type that nobody asked for", { ...lastHour(), types: ["order.reserved"] }, "types.0"],
    ["a SKU that never existed", { ...lastHour(), sku: "never" }, "sku"],
    ["an unknown field", { ...lastHour(), saleId: "x" }, ""],
  ])("%s", async (_, body, path) => {
    const { status, body: refusal } = await replay(body);
    expect([status, refusal.issues?.[0]?.path]).toEqual([400, path]);
    expect(refusal.issues?.[0]?.message).toMatch(/\w/);
  });

  test("a request without a key, without a webhook, or by a viewer", async () => {
    const body = lastHour();
    const keyless = await admin("POST", "/webhooks/replay", { body });
    expect([keyless.status, keyless.code]).toEqual([400, "idempotency_key_required"]);
    const headers = { "idempotency-key": "k" };
    const viewer = { body, headers, token: VIEWER_TOKEN };
    expect((await call("POST", "/api/admin/webhooks/replay", viewer)).status).toBe(403);
    delete requireConfig(env).ORDER_WEBHOOK_URL;
    expect((await replay(body)).code).toBe("invalid_request");
    expect(await state()).toMatchObject({ receiver: null, stoppedSince: null });
  });
});

test("the console replays by its form, keeps what was typed, and shows how far it is", async () => {
  const { skuId, changedAt } = await givenDelivered();
  await until("the clock has moved", () => Date.now() > changedAt);
  const cookie = await signedIn(ADMIN_TOKEN);
  const key = unique("form");
  const form = {
    ...{ action: "replay", key, from: iso(Date.now() - HOUR_MS).slice(0, 16), type: "" },
    ...{ to: iso(Date.now()).slice(0, 19), sku: skuId, reason: "our ERP lost an hour" },
  };
  const wrong = await postForm("/admin/webhooks", { ...form, to: "2099-01-01T00:00" }, { cookie });
  expect(wrong.status).toBe(400);
  expect(wrong.body).toContain("to: must not be in the future");
  expect(wrong.body).toContain('value="2099-01-01T00:00"');
  expect(wrong.body).toContain(`value="${key}"`);

  for (let time = 0; time < 2; time += 1) {
    const { status, location } = await postForm("/admin/webhooks", form, { cookie });
    expect([status, location]).toEqual([303, "/admin/webhooks?done=replay"]);
  }
  await done(key);
  const { body: html } = await showPage("/admin/webhooks?done=replay", cookie);
  expect(html).toContain("The replay has started");
  expect(html).toContain(skuId);
  expect(html).toContain("https://erp.test");
  const viewer = await signedIn(VIEWER_TOKEN);
  expect(await pageText("/admin/webhooks", viewer)).not.toContain("<select");
});

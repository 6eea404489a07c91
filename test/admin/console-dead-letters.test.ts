// The console's pages of dead letters, without a browser: list, inspect, replay, discard, and bad input.
import { beforeEach, expect, test } from "vitest";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import { givenOrder, givenPaid, nextMessage } from "../orders/saga-fixtures.ts";
import {
  expectOperatorsOnly,
  type Form,
  pageText,
  postForm,
  showPage,
  signedIn,
} from "../support/console.ts";
import { ADMIN_TOKEN, admin, VIEWER_TOKEN } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisIsBack, redisIsDown } from "../support/redis.ts";

const LIST = "/admin/dead-letters";
const pathOf = (id: string) => `${LIST}/${encodeURIComponent(id)}`;

let cookie = "";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});

const show = (path = LIST) => pageText(path, cookie);
const send = (id: string, form: Form) => postForm(pathOf(id), form, { cookie });
const stored = async () => await redis<number>("HLEN", KEYS.deadLetters);

/** Given a letter about an order that waits for the consumer. */
async function givenLetter() {
  const purchase = await givenOrder(await givenPaid());
  const { id } = purchase.order;
  const letter = { id, queue: "doorbuster-orders", message: purchase.message };
  const died = { reason: "<a fault> & more", attempts: 10, diedAt: new Date().toISOString() };
  await deliver([{ ...letter, ...died }], { queue: "doorbuster-orders-dlq" });
  return { ...purchase, id };
}

async function entries(id: string) {
  const target = encodeURIComponent(`dead-letter/${id}`);
  const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=${target}`);
  return body.entries.map(({ action, outcome, reason }) => [action, outcome, reason]);
}

test("says that there are none", async () => {
  expect(await show()).toContain("None: every message was processed.");
});

test("refuses what is no cursor, without asking Redis", async () => {
  for (const cursor of ["18446744073709551616", "99999999999999999999", "-1", "1e3", ""]) {
    const path = `/dead-letters?cursor=${cursor}`;
    expect([cursor, (await admin("GET", path)).status]).toEqual([cursor, 400]);
    expect([cursor, (await showPage(`/admin${path}`, cookie)).status]).toEqual([cursor, 404]);
  }
  expect((await admin("GET", "/dead-letters?cursor=18446744073709551615")).status).toBe(200);
});

test("does not claim on a later page that there never were any", async () => {
  expect(await show(`${LIST}?cursor=1`)).not.toContain("every message was processed");
});

test("lists a letter, and shows its message and its order as it is now", async () => {
  const { id, buyer } = await givenLetter();
  const list = await show();
  expect(list).toContain(`href="${pathOf(id)}"`);
  expect(list).toContain("&lt;a fault&gt; &amp; more");
  const page = await show(pathOf(id));
  expect(page).toContain(buyer.id);
  expect(page).toContain(`<a href="/admin/orders/${id}">reserved</a>`);
});

test("replays a letter, and records why", async () => {
  const { id, queue, message } = await givenLetter();
  const { status, location } = await send(id, { action: "replay", reason: "fixed" });
  expect([status, location]).toEqual([303, `${LIST}?done=replay`]);
  expect(await nextMessage(queue, id)).toEqual(message);
  expect(await stored()).toBe(0);
  expect(await entries(id)).toEqual([["dead_letter.replayed", "done", "fixed"]]);
  expect(await show(`${LIST}?done=replay`)).toContain("Replayed.");
});

test("replays all letters at once", async () => {
  await givenLetter();
  await givenLetter();
  expect((await send("all", { action: "replay", reason: "fixed" })).status).toBe(303);
  expect(await stored()).toBe(0);
});

test("discards a letter that cannot be read, which cannot be replayed", async () => {
  await redis("HSET", KEYS.deadLetters, "bad letter/1", "<x>");
  expect(await show(pathOf("bad letter/1"))).toContain("&lt;x&gt;");
  const refused = await send("bad letter/1", { action: "replay", reason: "x" });
  expect(refused.status).toBe(400);
  expect(refused.body).toContain("id: the stored letter cannot be read; discard it");
  expect((await send("bad letter/1", { action: "discard", reason: "noise" })).status).toBe(303);
  expect(await stored()).toBe(0);
  expect(await entries("bad letter/1")).toEqual([["dead_letter.discarded", "done", "noise"]]);
});

test("says that a letter is gone", async () => {
  for (const action of ["replay", "discard"]) {
    const { status, body } = await send("gone", { action, reason: "x" });
    expect(status).toBe(404);
    expect(body).toContain("There is no dead letter with this id");
  }
  expect((await showPage(pathOf("gone"), cookie)).status).toBe(404);
});

test("cannot discard all letters at once", async () => {
  await givenLetter();
  const { status, body } = await send("all", { action: "discard", reason: "x" });
  expect(status).toBe(404);
  expect(body).toContain("Not changed");
  expect(await stored()).toBe(1);
});

test.each<[string, Form]>([
  ["no reason", { action: "discard", reason: "" }],
  ["a huge reason", { action: "discard", reason: "x".repeat(501) }],
  ["an unknown field", { action: "discard", reason: "x", admin: "1" }],
  ["an unknown action", { action: "keep", reason: "x" }],
])("says what is wrong with a form with %s, and keeps the letter", async (_, form) => {
  const { id } = await givenLetter();
  for (const target of [id, "all"]) {
    const { status, body } = await send(target, form);
    expect(status).toBe(400);
    expect(body).toContain('role="alert"');
  }
  expect(await stored()).toBe(1);
});

test("answers an unknown cursor, and while Redis is down, with an error page", async () => {
  expect((await showPage(`${LIST}?cursor=x`, cookie)).status).toBe(404);
  await redisIsDown();
  const { status, body } = await showPage(LIST, cookie);
  expect(status).toBe(503);
  expect(body).toContain("Temporarily unavailable");
});

test("shows a viewer the letters without forms, and takes changes from operators only", async () => {
  const { id } = await givenLetter();
  const viewer = await signedIn(VIEWER_TOKEN);
  for (const path of [LIST, pathOf(id)]) {
    const { status, body } = await showPage(path, viewer);
    expect(status).toBe(200);
    expect(body).not.toContain(`action="${LIST}`);
  }
  for (const target of [id, "all"]) {
    await expectOperatorsOnly(pathOf(target), { action: "replay", reason: "x" });
  }
  expect(await stored()).toBe(1);
});

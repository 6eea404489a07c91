// The console's page of a sale's line, without a browser: changes, two operators, and bad input.
import { beforeAll, expect, test } from "vitest";
import type { LineReport } from "../../src/admission/client.ts";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import {
  expectOperatorsOnly,
  type Form,
  pageText,
  postForm,
  showPage,
  signedIn,
} from "../support/console.ts";
import { ADMIN_TOKEN, admin, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";

const HOUR_MS = 3_600_000;

let cookie = "";

beforeAll(async () => {
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});

/** Given a sale that opens in an hour, with a line of 50 people per second. */
async function givenLine() {
  const opensAt = new Date(Date.now() + HOUR_MS).toISOString();
  const closesAt = new Date(Date.now() + 2 * HOUR_MS).toISOString();
  const admission = { mode: "queue", ratePerSecond: 50 } as const;
  const { id } = await putSale(aSale({ opensAt, closesAt, admission }));
  const path = `/admin/sales/${id}/line`;
  return { id, path, send: (form: Form) => postForm(path, form, { cookie }) };
}

const read = async (id: string) => (await admin<LineReport>("GET", `/sales/${id}/line`)).body;

const SHOWN = { shownRate: "50", shownPaused: "no", shownNotice: "" };
const lineForm = (more: Form = {}): Form => ({
  ...SHOWN,
  ...{ rate: "50", paused: "no", notice: "", reason: "a jam" },
  ...more,
});

test("changes rate, pause, and notice, and records what changed and why", async () => {
  const { id, path, send } = await givenLine();
  const form = lineForm({ rate: "7.5", paused: "yes", notice: "Back <soon> & sure" });
  const { status, location } = await send(form);
  expect([status, location]).toEqual([303, `${path}?done=change`]);
  const changed = { ratePerSecond: 7.5, paused: true, notice: form.notice };
  expect(await read(id)).toMatchObject(changed);
  const { body } = await showPage(`${path}?done=change`, cookie);
  for (const text of [
    "The line is changed",
    "The line is paused",
    "Back &lt;soon&gt; &amp; sure",
  ]) {
    expect(body).toContain(text);
  }
  const log = await admin<{ entries: LogEntry[] }>("GET", `/log?target=sale/${id}`);
  expect(log.body.entries[0]).toMatchObject({
    ...{ action: "line.changed", outcome: "done", reason: "a jam" },
    changes: [
      { path: "ratePerSecond", before: 50, after: 7.5 },
      { path: "paused", before: false, after: true },
      { path: "notice", before: null, after: form.notice },
    ],
  });
});

test("removes a notice, and lets the line move again", async () => {
  const { id, send } = await givenLine();
  await send(lineForm({ paused: "yes", notice: "Wait" }));
  await send(lineForm({ shownPaused: "yes", shownNotice: "Wait" }));
  expect(await read(id)).toMatchObject({ paused: false, notice: null, ratePerSecond: 50 });
});

test("does not undo what another operator changed meanwhile", async () => {
  const { id, send } = await givenLine();
  await send(lineForm({ rate: "5" }));
  await send(lineForm({ notice: "Nearly there" }));
  expect(await read(id)).toMatchObject({ ratePerSecond: 5, notice: "Nearly there" });
});

test.each<[string, Form, string]>([
  ["no change", {}, "form: changes nothing"],
  ["no rate", { rate: "" }, "rate: "],
  ["a rate of zero", { rate: "0" }, "rate: "],
  ["a rate of a million", { rate: "1e6" }, "rate: "],
  ["a rate in words", { rate: "fast" }, "rate: "],
  ["a huge notice", { notice: "x".repeat(301) }, "notice: "],
  ["no reason", { rate: "5", reason: "" }, "reason: is required"],
  ["a huge reason", { rate: "5", reason: "x".repeat(501) }, "reason: "],
  ["an unknown field", { rate: "5", over: "1" }, "over"],
  ["an unknown state", { paused: "maybe" }, "paused: "],
])("says what is wrong with %s, and changes nothing", async (_, change, fault) => {
  const { id, send } = await givenLine();
  const { status, body } = await send(lineForm(change));
  expect(status).toBe(400);
  expect(body).toContain('role="alert"');
  expect(body).toContain(fault);
  expect(await read(id)).toMatchObject({ ratePerSecond: 50, paused: false, notice: null });
});

test("keeps what was typed if the form is refused", async () => {
  const { send } = await givenLine();
  const { body } = await send(lineForm({ rate: "2000", paused: "yes", notice: "a & b" }));
  expect(body).toContain('name="rate" value="2000"');
  expect(body).toMatch(/value="yes" selected/);
  expect(body).toContain('value="a &amp; b"');
});

test("says that a sale has no line", async () => {
  const { id } = await putSale(aSale());
  for (const path of [`/admin/sales/${id}/line`, "/admin/sales/unknown/line"]) {
    expect(await pageText(path, cookie)).toContain("There is no sale with this id");
    expect((await postForm(path, lineForm({ rate: "5" }), { cookie })).status).toBe(404);
  }
  expect(await pageText(`/admin/sales/${id}`, cookie)).not.toContain("/line");
});

test("shows a viewer the counts without the form, and takes changes from operators only", async () => {
  const { id, path } = await givenLine();
  const { body } = await showPage(path, await signedIn(VIEWER_TOKEN));
  expect(body).toContain("Registered");
  expect(body).not.toContain(`action="${path}"`);
  await expectOperatorsOnly(path, lineForm({ rate: "5" }));
  expect(await read(id)).toMatchObject({ ratePerSecond: 50 });
  expect(await pageText(`/admin/sales/${id}`, cookie)).toContain(`href="${path}"`);
});

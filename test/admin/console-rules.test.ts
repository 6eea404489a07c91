// The console's page of deny and allow rules, without a browser: evidence, changes, and bad input.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import { requireConfig } from "../../src/config/config.ts";
import { addAutomaticBlock } from "../../src/funnel/deny-list.ts";
import type { Rule } from "../../src/funnel/rule-set.ts";
import {
  expectOperatorsOnly,
  type Form,
  pageText,
  postForm,
  showPage,
  signedIn,
} from "../support/console.ts";
import { ADMIN_TOKEN, admin, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { unique } from "../support/shop.ts";

const PATH = "/admin/rules";

let cookie = "";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});

const show = (query = "") => pageText(PATH + query, cookie);
const send = (form: Form) => postForm(PATH, form, { cookie });

const ruleForm = (more: Form = {}): Form => ({
  ...{ action: "save", effect: "deny", kind: "user", value: unique("user"), minutes: "" },
  ...{ reason: "resells" },
  ...more,
});

async function rulesAbout(value = "") {
  const { body } = await admin<{ rules: Rule[] }>("GET", "/denylist");
  return body.rules.filter((rule) => rule.value === value);
}

async function entries(target: string) {
  const query = encodeURIComponent(target);
  const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=${query}`);
  return body.entries.map(({ action, outcome, reason }) => [action, outcome, reason]);
}

test("adds a rule that ends by itself, shows why it exists, and records it", async () => {
  const form = ruleForm({ minutes: "30", reason: "<resells> & co" });
  const before = Date.now();
  const { status, location } = await send(form);
  expect([status, location]).toEqual([303, `${PATH}?done=save`]);
  const [rule] = await rulesAbout(form.value);
  expect(rule).toMatchObject({ effect: "deny", by: "operator", note: form.reason });
  const lasts = Date.parse(rule?.expiresAt ?? "") - Date.parse(rule?.addedAt ?? "");
  expect(lasts).toBe(30 * 60_000);
  expect(Date.parse(rule?.addedAt ?? "")).toBeGreaterThanOrEqual(before);
  const page = await show("?done=save");
  expect(page).toContain(form.value);
  expect(page).toContain("&lt;resells&gt; &amp; co");
  expect(page).toContain("The rule is in force everywhere");
  const target = `rule/deny/user/${form.value}`;
  expect(await entries(target)).toEqual([["rule.saved", "done", form.reason]]);
});

test("takes an address that was pasted with a space, and a user id exactly", async () => {
  await send(ruleForm({ kind: "ip", value: " 203.0.113.9 " }));
  expect(await rulesAbout("203.0.113.9/32")).toHaveLength(1);
  const spaced = ` ${unique("user")}`;
  await send(ruleForm({ value: spaced }));
  expect(await rulesAbout(spaced)).toHaveLength(1);
});

test("warns of a rule that covers very many people", async () => {
  const { status, body } = await send(ruleForm({ kind: "ip", value: "198.0.0.0/8" }));
  expect(status).toBe(200);
  expect(body).toContain("The rule is in force everywhere");
  expect(body).toContain("value: covers very many people");
});

test("shows the evidence of an automatic block, and lifts it", async () => {
  const value = unique("bot");
  const evidence = { saleId: "spring-drop", limitRefusals: 40, accountsAtAddress: 17 };
  await addAutomaticBlock(requireConfig(env), value, 600, evidence);
  const page = await show();
  expect(page).toContain("sale: spring-drop, refusals by a limit: 40, accounts at the address: 17");
  expect(page).toContain("automatic");
  const form = ruleForm({ action: "remove", value, reason: "a real buyer" });
  expect((await send(form)).location).toBe(`${PATH}?done=remove`);
  expect(await show()).not.toContain(value);
  const target = `rule/deny/user/${value}`;
  expect(await entries(target)).toEqual([["rule.removed", "done", "a real buyer"]]);
});

test("fills in what a link asks for, and ignores what it cannot", async () => {
  const filled = await show("?effect=allow&kind=ip&value=192.0.2.7");
  expect(filled).toMatch(/<option value="allow" selected/);
  expect(filled).toMatch(/<option value="ip" selected/);
  expect(filled).toContain('value="192.0.2.7"');
  expect(await show("?effect=__proto__&kind=x&value=%00")).toContain("Add, change, or remove");
});

test("says that a rule to remove does not exist, and keeps what was typed", async () => {
  const form = ruleForm({ action: "remove", value: "nobody & co" });
  const { status, body } = await send(form);
  expect(status).toBe(404);
  expect(body).toContain("Not changed");
  expect(body).toContain('value="nobody &amp; co"');
});

test.each<[string, Form, string]>([
  ["an address that is none", { kind: "ip", value: "010.1" }, "value: "],
  ["a country that is none", { kind: "country", value: "Germany" }, "value: "],
  ["no value", { value: "" }, "value: is required"],
  ["a huge value", { value: "x".repeat(201) }, "value: "],
  ["no reason", { reason: "" }, "reason: is required"],
  ["a huge reason", { reason: "x".repeat(501) }, "reason: "],
  ["a time in words", { minutes: "soon" }, "minutes: "],
  ["a time in the past", { minutes: "-5" }, "minutes: "],
  ["a time of centuries", { minutes: "99999999" }, "minutes: "],
  ["an unknown effect", { effect: "ban" }, "effect: "],
  ["an unknown kind", { kind: "email" }, "kind: "],
  ["an unknown field", { admin: "1" }, "admin"],
])("says what is wrong with %s, and adds no rule", async (_, change, fault) => {
  const form = ruleForm(change);
  const { status, body } = await send(form);
  expect(status).toBe(400);
  expect(body).toContain('role="alert"');
  expect(body).toContain(fault);
  expect(await rulesAbout(form.value)).toEqual([]);
});

test("says that automatic blocks may be missing while Redis is down", async () => {
  await redisIsDown();
  expect(await show()).toContain("automatic blocks may be missing");
});

test("shows a viewer the rules without the form, and takes changes from operators only", async () => {
  const form = ruleForm();
  await send(form);
  const { body } = await showPage(PATH, await signedIn(VIEWER_TOKEN));
  expect(body).toContain(form.value);
  expect(body).not.toContain(`action="${PATH}"`);
  await expectOperatorsOnly(PATH, { ...form, action: "remove" });
  expect(await rulesAbout(form.value)).toHaveLength(1);
});

test("shows the characters of an id that nobody sees, so that it looks like no other one", async () => {
  const value = `\u202e${unique("user")}\u200b\u0000`;
  expect((await send(ruleForm({ value }))).status).toBe(303);
  const shown = `<bdi>⟨U+202E⟩${value.slice(1, -2)}⟨U+200B⟩⟨U+0000⟩</bdi>`;
  expect(await show()).toContain(shown);
  expect(await pageText("/admin/log", cookie)).toContain(`deny/user/${shown.slice(5)}`);
  expect(await pageText(`/admin/orders?find=${encodeURIComponent(value)}`, cookie)).toContain(
    shown,
  );
});

test("says what is wrong with the time of a rule in minutes", async () => {
  for (const minutes of ["0", "-5", "0.001", "1e3", "abc", "99999999"]) {
    const { status, body } = await send(ruleForm({ minutes }));
    expect([minutes, status]).toEqual([minutes, 400]);
    expect(body).toContain("minutes: use a number of minutes");
  }
});

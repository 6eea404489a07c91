// The console's page of switches, without a browser: preview, change, two operators, viewers, and bad input. And its log.
import { afterEach, beforeAll, expect, test } from "vitest";
import { type Form, pageText, postForm, signedIn, valueIn } from "../support/console.ts";
import { ADMIN_TOKEN, call, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { aBuyer, aSale, putSale } from "../support/shop.ts";
import { givenSwitches, noSwitches, showSwitches } from "../support/switches.ts";

beforeAll(emptyRedis);
afterEach(noSwitches);
afterEach(redisIsBack);

const show = (cookie: string, path = "/admin/switches") => pageText(path, cookie);

const etagIn = (html: string) => valueIn(html, "etag");

const set = async () => (await showSwitches()).body.switches;

test("previews a pause without changing anything, and then applies and logs it", async () => {
  const { id } = await putSale(aSale({ title: "Spring & co" }));
  const cookie = await signedIn(ADMIN_TOKEN);
  const form = { choice: "pause", target: id, minutes: "5", notice: "Soon", reason: "<a price>" };
  const preview = await postForm("/admin/switches", { ...form, step: "preview" }, { cookie });
  expect(preview.status).toBe(200);
  expect(preview.body).toContain("Nothing has changed yet");
  expect(preview.body).toContain("Spring &amp; co");
  expect(await set()).toEqual([]);
  const etag = etagIn(preview.body);
  const applied = await postForm("/admin/switches", { ...form, etag, step: "apply" }, { cookie });
  expect([applied.status, applied.location]).toEqual([303, "/admin/switches"]);
  expect(await set()).toMatchObject([{ name: "paused", sale: id, notice: "Soon" }]);
  expect(await show(cookie)).toContain(`Sale paused (${id})`);
  const log = await show(cookie, "/admin/log");
  for (const text of ["switches.changed", `sale/${id}`, "&lt;a price&gt;"]) {
    expect(log).toContain(text);
  }
  expect(await show(cookie, `/admin/sales/${id}`)).toContain("Sale paused");
});

test("names what a faster operator changed, changes nothing, and keeps the input for a second try", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  const theirs = { choice: "limits", factor: "3", reason: "before you <looked>", step: "apply" };
  await postForm("/admin/switches", theirs, { cookie });
  const etag = etagIn(await show(cookie));
  const faster = { ...theirs, factor: "2", reason: "bots & co" };
  await postForm("/admin/switches", faster, { cookie });
  const form = { choice: "orders-stop", reason: "a test", etag, step: "apply" };
  const answer = await postForm("/admin/switches", form, { cookie });
  expect(answer.status).toBe(412);
  const conflict = /<section class="fault" role="alert".*?<\/section>/s.exec(answer.body)?.[0];
  for (const text of ["Not changed.", "limits/.value 3 → 2", "bots &amp; co", "operator"]) {
    expect(conflict).toContain(text);
  }
  expect(conflict).not.toContain("before you");
  expect(answer.body).toContain('name="reason" value="a test"');
  expect((await set()).map(({ name }) => name)).toEqual(["limits"]);
  const again = { ...form, etag: etagIn(answer.body) };
  expect((await postForm("/admin/switches", again, { cookie })).status).toBe(303);
  expect((await set()).map(({ name }) => name)).toEqual(["limits", "readOnly"]);
});

test.each(['"0"', '"x"', 'W/"1"', '"99999999999999"'])(
  "refuses a change of a state that never was (%s), and points to the changes or the log",
  async (etag) => {
    const cookie = await signedIn(ADMIN_TOKEN);
    await givenSwitches({ name: "limits", value: 2 });
    const form = { choice: "orders-stop", reason: "a test", etag, step: "apply" };
    const answer = await postForm("/admin/switches", form, { cookie });
    expect(answer.status).toBe(412);
    expect(answer.body).toContain("Not changed.");
    expect((await set()).map(({ name }) => name)).toEqual(["limits"]);
  },
);

test("shows a viewer the switches without a form, and refuses their change", async () => {
  await givenSwitches({ name: "limits", value: 0.5 });
  const cookie = await signedIn(VIEWER_TOKEN);
  const page = await show(cookie);
  expect(page).toContain("Rate limits × 0.5");
  expect(page).not.toContain('action="/admin/switches"');
  const form = { choice: "orders-stop", reason: "a test", step: "apply" };
  expect((await postForm("/admin/switches", form, { cookie })).status).toBe(403);
  expect((await set()).map(({ name }) => name)).toEqual(["limits"]);
});

test("refuses a change from another site, and from strangers", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  const form = { choice: "orders-stop", reason: "a test", step: "apply" };
  expect(
    (await postForm("/admin/switches", form, { cookie, origin: "https://evil.test" })).status,
  ).toBe(403);
  expect((await postForm("/admin/switches", form)).status).toBe(401);
  expect(await set()).toEqual([]);
});

test.each<[string, Form, string]>([
  ["no reason", { choice: "orders-stop" }, "reason: "],
  ["a sale without a name", { choice: "pause", reason: "x" }, "target: is required"],
  ["a sale that does not exist", { choice: "pause", target: "nothing", reason: "x" }, "target: "],
  ["a sale for the whole shop", { choice: "orders-stop", target: "a", reason: "x" }, "target: "],
  ["limits without a factor", { choice: "limits", reason: "x" }, "factor: "],
  ["limits of a million", { choice: "limits", factor: "1e6", reason: "x" }, "factor: "],
  [
    "a time that is no number",
    { choice: "orders-stop", minutes: "soon", reason: "x" },
    "minutes: ",
  ],
  ["a time in the past", { choice: "orders-stop", minutes: "-5", reason: "x" }, "minutes: "],
  [
    "an end of what is off",
    { choice: "orders-start", minutes: "5", reason: "x" },
    "until or notice",
  ],
  ["an unknown change", { choice: "sell-all", reason: "x" }, "choice: "],
  ["an unknown field", { choice: "orders-stop", reason: "x", admin: "1" }, "form"],
])("says what is wrong with %s, and keeps what was typed", async (_, form, fault) => {
  const cookie = await signedIn(ADMIN_TOKEN);
  for (const step of ["preview", "apply"]) {
    const { status, body } = await postForm("/admin/switches", { ...form, step }, { cookie });
    expect(status).toBe(400);
    expect(body).toContain('role="alert"');
    expect(body).toContain(fault);
  }
  expect(await set()).toEqual([]);
});

test("fills in what a link asks for, and ignores what it cannot", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  const filled = await show(cookie, "/admin/switches?choice=close&target=sneaker");
  expect(filled).toMatch(/<option value="close" selected/);
  expect(filled).toContain('value="sneaker"');
  expect(await show(cookie, "/admin/switches?choice=__proto__")).toContain("Change a switch");
});

test("goes back to the form with everything that was typed", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  const form = { choice: "limits", factor: "0.5", reason: "bots & co", step: "edit" };
  const { status, body } = await postForm("/admin/switches", form, { cookie });
  expect(status).toBe(200);
  expect(body).toMatch(/<option value="limits" selected/);
  expect(body).toContain('value="bots &amp; co"');
});

test("shows what gave way by itself while Redis is down, and why", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  expect(await show(cookie)).not.toContain("hidden by itself");
  await redisIsDown();
  const { token } = await aBuyer();
  for (let i = 0; i < 6; i += 1) await call("GET", "/api/orders", { token });
  expect(await show(cookie)).toContain(
    "Lists of orders hidden by itself in this isolate: the breaker of Redis is open",
  );
});

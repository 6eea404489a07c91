// The console's pages of orders, without a browser: finding them, refunds, releases, webhooks, and bad input.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import { requireConfig } from "../../src/config/config.ts";
import type { OrderInspection } from "../../src/inventory/inspection.ts";
import {
  deliverTo,
  givenOrder,
  givenPaid,
  type Purchase,
  TestGateway,
} from "../orders/saga-fixtures.ts";
import {
  expectOperatorsOnly,
  type Form,
  pageText,
  postForm,
  showPage,
  signedIn,
  valueIn,
} from "../support/console.ts";
import { ADMIN_TOKEN, admin, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { unique } from "../support/shop.ts";

let cookie = "";

beforeAll(async () => {
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});
beforeEach(redisIsBack);

/** Given a paid order of two units. */
async function givenConfirmed(): Promise<Purchase> {
  const sale = await givenPaid({ perUserLimit: 5 });
  const purchase = await givenOrder(sale, { quantity: 2, paymentToken: "tok_ok" });
  await deliverTo(new TestGateway(), [purchase.message]);
  return purchase;
}

const pathOf = ({ order }: Purchase) => `/admin/orders/${order.id}`;
const inspect = async ({ order }: Purchase) =>
  (await admin<OrderInspection>("GET", `/orders/${order.id}`)).body;
const send = (purchase: Purchase, form: Form) => postForm(pathOf(purchase), form, { cookie });

/** The log's entries about an order, newest first. */
async function entries({ order }: Purchase) {
  const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=order/${order.id}`);
  return body.entries.map(({ action, outcome, reason }) => [action, outcome, reason]);
}

const refundForm = (more: Form = {}): Form => ({
  ...{ action: "refund", key: unique("key"), quantity: "", units: "sell", reason: "broken" },
  ...more,
});

describe("finding orders", () => {
  test("leads from the id of an order to its page", async () => {
    const purchase = await givenConfirmed();
    const answer = await showPage(`/admin/orders?find=%20${purchase.order.id}%20`, cookie);
    expect(answer.body).toContain(`<small>${purchase.order.id}</small>`);
    expect(answer.body).toContain("confirmed");
  });

  test("lists the orders of a user, with links to each", async () => {
    const purchase = await givenConfirmed();
    const { body } = await showPage(`/admin/orders?find=${purchase.buyer.id}`, cookie);
    expect(body).toContain(`href="${pathOf(purchase)}"`);
    expect(body).toContain("$48.00");
  });

  test("says that a user has no orders, and shows what was looked for as text", async () => {
    const find = encodeURIComponent('<script>"x"');
    const { status, body } = await showPage(`/admin/orders?find=${find}`, cookie);
    expect(status).toBe(200);
    expect(body).toContain("No orders.");
    expect(body).not.toContain("<script>&quot;");
    expect(body).toContain("&lt;script&gt;&quot;x&quot;");
  });

  test.each([
    ["an order that does not exist", `/${unique("never")}.0.${"a".repeat(20)}`, 404],
    ["no id", "/%00", 404],
    ["a cursor that is none", "?find=ann&cursor=x", 400],
    ["a user id that is too long", `?find=${"x".repeat(129)}`, 400],
  ])("answers %s with an error page", async (_, path, status) => {
    expect((await showPage(`/admin/orders${path}`, cookie)).status).toBe(status);
  });
});

describe("the page of an order", () => {
  test("shows its money and its timeline, and nothing to pay with", async () => {
    const purchase = await givenConfirmed();
    const { body } = await showPage(pathOf(purchase), cookie);
    for (const text of ["$48.00", "charged", "Ordered", purchase.buyer.id]) {
      expect(body).toContain(text);
    }
    expect(body).not.toMatch(/tok_ok|secret|fingerprint/i);
  });

  test("shows a viewer everything but the forms", async () => {
    const purchase = await givenConfirmed();
    const { body } = await showPage(pathOf(purchase), await signedIn(VIEWER_TOKEN));
    expect(body).toContain("Ordered");
    expect(body).not.toContain(`action="${pathOf(purchase)}"`);
  });
});

describe("a refund by form", () => {
  test("is recorded with its reason, and happens once however often the form is sent", async () => {
    const purchase = await givenConfirmed();
    const key = valueIn(await pageText(pathOf(purchase), cookie), "key");
    const form = refundForm({ key, quantity: "1", units: "withdraw" });
    const answers = await Promise.all([send(purchase, form), send(purchase, form)]);
    answers.push(await send(purchase, form));
    for (const { status, location } of answers) {
      expect([status, location]).toEqual([303, `${pathOf(purchase)}?done=refund`]);
    }
    const { refunds } = await inspect(purchase);
    expect(refunds).toMatchObject([
      { id: key, quantity: 1, backOnSale: false, reason: "broken", state: "due" },
    ]);
    expect(await entries(purchase)).toEqual([["order.refunded", "done", "broken"]]);
    const { body } = await showPage(`${pathOf(purchase)}?done=refund`, cookie);
    expect(body).toContain("The refund is accepted.");
  });

  test("keeps what was typed and the key if it is refused", async () => {
    const purchase = await givenConfirmed();
    const form = refundForm({ quantity: "3", units: "withdraw", reason: "a <b> & c" });
    const { status, body } = await send(purchase, form);
    expect(status).toBe(400);
    expect(body).toContain("quantity: only 2 units are left to refund");
    expect(valueIn(body, "key")).toBe(form.key);
    expect(valueIn(body, "quantity")).toBe("3");
    expect(body).toContain('value="a &lt;b&gt; &amp; c"');
    expect(body).toMatch(/value="withdraw" selected/);
  });

  test("is not offered for a reserved order, and refused if it is sent", async () => {
    const purchase = await givenOrder(await givenPaid());
    expect(await pageText(pathOf(purchase), cookie)).not.toContain('value="refund"');
    const { status, body } = await send(purchase, refundForm());
    expect(status).toBe(409);
    expect(body).toContain("Not changed: Only a confirmed order can be refunded");
  });

  test.each<[string, Form, string]>([
    ["an unknown field", { admin: "1" }, "admin"],
    ["a huge reason", { reason: "x".repeat(501) }, "reason: "],
    ["a form beyond its limit", { reason: "x".repeat(40_000) }, "form: At most"],
    ["no reason", { reason: " " }, "reason: is required"],
    ["a part of a unit", { quantity: "1.5" }, "quantity: "],
    ["no unit", { quantity: "0" }, "quantity: "],
    ["a quantity in words", { quantity: "all" }, "quantity: "],
    ["no key", { key: "" }, "key: "],
    ["units that go nowhere", { units: "keep" }, "units: "],
    ["an unknown action", { action: "delete" }, "action: "],
  ])("says what is wrong with %s, and changes nothing", async (_, change, fault) => {
    const purchase = await givenConfirmed();
    const { status, body } = await send(purchase, refundForm(change));
    expect(status).toBe(400);
    expect(body).toContain('role="alert"');
    expect(body).toContain(fault);
    expect((await inspect(purchase)).refunds).toEqual([]);
  });
});

test("releases a reserved order, and records who did it and why", async () => {
  const purchase = await givenOrder(await givenPaid());
  const { location } = await send(purchase, { action: "release", reason: "a test order" });
  expect(location).toBe(`${pathOf(purchase)}?done=release`);
  expect(await inspect(purchase)).toMatchObject({ status: "cancelled", reason: "operator" });
  expect(await entries(purchase)).toEqual([["order.released", "done", "a test order"]]);
  const link = `/admin/log?target=order/${purchase.order.id}`;
  expect(await pageText(pathOf(purchase), cookie)).toContain(`href="${link}"`);
  const log = await pageText(link, cookie);
  expect(log).toContain("a test order");
  expect(log.match(/<tr>/g)).toHaveLength(2);
  expect(await pageText(pathOf(purchase), cookie)).not.toContain('value="release"');
});

test("sends the shop's webhook the event again where one is set up", async () => {
  const purchase = await givenConfirmed();
  expect(await pageText(pathOf(purchase), cookie)).not.toContain('value="resend"');
  const config = requireConfig(env);
  config.ORDER_WEBHOOK_URL = "https://erp.test/hook";
  onTestFinished(() => {
    delete config.ORDER_WEBHOOK_URL;
  });
  expect(await pageText(pathOf(purchase), cookie)).toContain("accepted");
  const { location } = await send(purchase, { action: "resend", reason: "our ERP was down" });
  expect(location).toBe(`${pathOf(purchase)}?done=resend`);
  expect(await inspect(purchase)).toHaveProperty("eventOwedSince");
  expect(await pageText(pathOf(purchase), cookie)).toContain("owed since");
  expect(await entries(purchase)).toEqual([["order.webhook_resent", "done", "our ERP was down"]]);
});

test("takes a change of an order from operators on this site only", async () => {
  const purchase = await givenConfirmed();
  const before = await inspect(purchase);
  for (const form of [refundForm(), { action: "release", reason: "x" }]) {
    await expectOperatorsOnly(pathOf(purchase), form);
  }
  expect(await inspect(purchase)).toEqual(before);
});

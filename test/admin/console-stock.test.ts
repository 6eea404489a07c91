// The console's page of a sale's stock, without a browser: restocks, downloads, and bad input.
import { beforeEach, expect, test } from "vitest";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
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
import { aSale, aSku, ledger, putSale, unique } from "../support/shop.ts";

let cookie = "";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});

/** Given a sale of ten units, and a form that adds five. */
async function given() {
  const sku = aSku({ name: "A <b>lamp</b>", stock: 10 });
  const sale = await putSale(aSale({ skus: [sku] }));
  const path = `/admin/sales/${sale.id}/stock`;
  const form = (more: Form = {}): Form => ({
    ...{ skuId: sku.id, key: unique("key"), quantity: "5", reason: "more came <in>" },
    ...more,
  });
  const stocked = async () => (await ledger(sku.id)).stocked;
  return { sku, sale, path, form, stocked };
}

test("adds units once, however often the form is sent, and records why", async () => {
  const { sku, path, form, stocked } = await given();
  const page = await pageText(path, cookie);
  const sent = form({ key: valueIn(page, "key") });
  for (const _ of [1, 2]) {
    const { status, location } = await postForm(path, sent, { cookie });
    expect([status, location]).toEqual([303, `${path}?done=1`]);
  }
  expect(await stocked()).toBe(15);
  const shown = await pageText(`${path}?done=1`, cookie);
  expect(shown).toContain("The stock is changed.");
  expect(shown).toContain('<data value="15">');
  const target = encodeURIComponent(`sku/${sku.id}`);
  const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=${target}`);
  const entries = body.entries.map(({ action, outcome, reason }) => [action, outcome, reason]);
  expect(entries).toEqual([["sku.restocked", "done", "more came <in>"]]);
});

test("removes free units, and refuses to remove more than are free", async () => {
  const { path, form, stocked } = await given();
  await postForm(path, form({ quantity: "-4" }), { cookie });
  expect(await stocked()).toBe(6);
  const { status, body } = await postForm(path, form({ quantity: "-7" }), { cookie });
  expect(status).toBe(400);
  expect(body).toContain("only 6 units are free to remove");
  expect(body).toContain('value="-7"');
  expect(await stocked()).toBe(6);
});

test.each<[string, Form, string]>([
  ["no units", { quantity: "" }, "quantity: is required"],
  ["zero units", { quantity: "0" }, "quantity: must not be 0"],
  ["half a unit", { quantity: "0.5" }, "quantity: "],
  ["units in words", { quantity: "many" }, "quantity: "],
  ["more units than any stock", { quantity: "9999999999" }, "quantity: "],
  ["no reason", { reason: " " }, "reason: is required"],
  ["no item", { skuId: "../x" }, "skuId: "],
  ["a broken key", { key: "a b" }, "key: "],
  ["an unknown field", { admin: "1" }, "admin"],
])("says what is wrong with %s, and changes no stock", async (_, change, fault) => {
  const { path, form, stocked } = await given();
  const { status, body } = await postForm(path, form(change), { cookie });
  expect(status).toBe(400);
  expect(body).toContain('role="alert"');
  expect(body).toContain(fault);
  expect(await stocked()).toBe(10);
});

test("links the orders of each item as CSV, and shows names as text", async () => {
  const { sku, path } = await given();
  const { body } = await showPage(path, cookie);
  expect(body).toContain("A &lt;b&gt;lamp&lt;/b&gt;");
  expect(body).toContain(`href="/api/admin/skus/${sku.id}/orders.csv"`);
  const csv = await showPage(`/api/admin/skus/${sku.id}/orders.csv`, cookie);
  expect([csv.status, csv.headers.get("content-type")]).toEqual([
    200,
    "text/csv; charset=utf-8; header=present",
  ]);
});

test("says that there is no such sale", async () => {
  for (const id of ["unknown", "%00", "A"]) {
    const { status, body } = await showPage(`/admin/sales/${id}/stock`, cookie);
    expect([id, status]).toEqual([id, 404]);
    expect(body).toContain("There is no sale with this id.");
  }
});

test("shows a viewer the stock without the form, and takes restocks from operators only", async () => {
  const { path, form, stocked } = await given();
  const { body } = await showPage(path, await signedIn(VIEWER_TOKEN));
  expect(body).toContain('<data value="10">');
  expect(body).not.toContain(`action="${path}"`);
  await expectOperatorsOnly(path, form());
  expect(await stocked()).toBe(10);
});

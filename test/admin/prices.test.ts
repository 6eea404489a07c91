// Prices that can never be charged are refused when a sale is written. Sales stored earlier keep selling.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { putSale } from "../../src/catalog/sale-commands.ts";
import { requireConfig } from "../../src/config/config.ts";
import { toShop } from "../orders/external-shop.ts";
import { ADMIN_TOKEN, admin, call, ORIGIN } from "../support/http.ts";
import { aBuyer, aSale, aSku, order } from "../support/shop.ts";

const priced = (amount: number, currency: string, perUserLimit = 1) =>
  aSale({ skus: [aSku({ unitPrice: { amount, currency }, perUserLimit })] });

test.each([
  [20, "USD", 1, /0 \(free\) or at least 50\b/],
  [60_000_000, "USD", 2, /times perUserLimit must be at most 99999999\b/],
  [1_005, "KWD", 1, /multiple of 10\b/],
  [49, "JPY", 1, /at least 50\b/],
  [10_000, "CLF", 1, /does not charge in CLF/],
  [10_000, "ZZZ", 1, /ZZZ is not an active ISO 4217 currency/],
  [0, "DEM", 1, /DEM is not an active ISO 4217 currency/],
])("refuses a price of %i %s for up to %i units", async (amount, currency, limit, message) => {
  const sale = priced(amount, currency, limit);
  const { status, body } = await admin("PUT", `/sales/${sale.id}`, { body: sale });
  expect({ status, body }).toMatchObject({
    status: 400,
    body: {
      code: "invalid_request",
      issues: [{ path: "skus.0.unitPrice", message: expect.stringMatching(message) }],
    },
  });
  expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(404);
});

test.each([
  [1, "USD", 201],
  [1_005, "KWD", 201],
  [999_999_999_999, "USD", 201],
  [10_000, "CLF", 201],
  [10_000, "ZZZ", 400],
  [10_000, "DEM", 400],
])(
  "checks only the currency of %i %s if the shop charges in its own checkout",
  async (amount, currency, status) => {
    const sale = priced(amount, currency, 100);
    const headers = { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` };
    const url = `${ORIGIN}/api/admin/sales/${sale.id}`;
    const sent = new Request(url, { method: "PUT", headers, body: JSON.stringify(sale) });
    expect((await toShop(sent)).status).toBe(status);
  },
);

test("refuses a currency in lower case", async () => {
  const sale = priced(5_000, "usd");
  const { status, body } = await admin("PUT", `/sales/${sale.id}`, { body: sale });
  expect(status).toBe(400);
  expect(body).toMatchObject({ issues: [{ path: "skus.0.unitPrice.currency" }] });
});

test("names every item whose price is refused, and no other", async () => {
  const usd = (amount: number) => aSku({ price: amount });
  const sale = aSale({ skus: [usd(49), usd(50), usd(0), usd(100_000_000)] });
  const { body } = await admin("PUT", `/sales/${sale.id}`, { body: sale });
  expect(body).toMatchObject({
    issues: [{ path: "skus.0.unitPrice" }, { path: "skus.3.unitPrice" }],
  });
});

test.each([
  [500_000, "HUF"],
  [5_000, "ISK"],
  [999_999_999_999, "IDR"],
])("accepts a price of %i %s and returns it unchanged", async (amount, currency) => {
  const sale = priced(amount, currency);
  expect((await admin("PUT", `/sales/${sale.id}`, { body: sale })).status).toBe(201);
  const { body } = await admin<typeof sale>("GET", `/sales/${sale.id}`);
  expect(body.skus[0]?.unitPrice).toEqual({ amount, currency });
  const { status } = await admin("PUT", `/sales/${sale.id}`, { body });
  expect(status).toBe(200);
});

test("still shows and sells a sale whose price was stored before these rules", async () => {
  const sale = priced(20, "USD");
  const stored = await putSale(env, requireConfig(env), sale, {});
  expect(stored.ok).toBe(true);

  expect((await admin("GET", `/sales/${sale.id}`)).status).toBe(200);
  expect((await call("GET", `/sales/${sale.id}`)).status).toBe(200);
  const answer = await order(await aBuyer(), sale.skus[0]?.id ?? "");
  expect(answer).toMatchObject({ status: 202, body: { total: { amount: 20, currency: "USD" } } });
});

// The page that collects a card before the order: when there is one, what it contains, and how buyers get there.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { ORIGIN, request, send } from "../support/http.ts";
import { aBuyer, aSale, aSku, type Buyer, order, putSale } from "../support/shop.ts";

const STRIPE = {
  PAYMENTS: "stripe",
  STRIPE_SECRET_KEY: "sk_test_x",
  STRIPE_WEBHOOK_SECRET: "whsec_x",
  STRIPE_PUBLISHABLE_KEY: "pk_test_x",
};

async function fetchPage(path: string, init: RequestInit = {}, vars: object = STRIPE) {
  const ctx = createExecutionContext();
  const sent = new Request(new URL(path, ORIGIN), { redirect: "manual", ...init });
  const response = await app.fetch(sent, { ...env, ...vars }, ctx);
  await waitOnExecutionContext(ctx);
  const { status, headers } = response;
  return { status, headers, location: headers.get("location"), body: await response.text() };
}

async function onSale({ price = 12_000, ...hours }: { price?: number } & Partial<Sale> = {}) {
  const unitPrice = { amount: price, currency: "USD" };
  const item = aSku({ unitPrice, perUserLimit: 3 });
  const { id } = await putSale(aSale({ skus: [item], ...hours }));
  return { skuId: item.id, salePath: `/sales/${id}`, path: `/sales/${id}/skus/${item.id}` };
}

const cookieOf = (buyer: Buyer) => ({ cookie: `session=${buyer.token}`, origin: ORIGIN });

test("renders the card form for the total, with a policy for Stripe, and is never cached", async () => {
  const { path, skuId, salePath } = await onSale();

  const { status, headers, body } = await fetchPage(`${path}/card?quantity=2`);

  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("private, no-store");
  expect(headers.get("content-security-policy")).toContain(
    "script-src 'self' https://js.stripe.com",
  );
  expect(body).toMatch(/data-card-form="\/assets\/payment-\w+\.js"/);
  expect(body).toContain('data-amount="24000" data-currency="usd"');
  expect(body).toContain(`action="${salePath}" data-sku="${skuId}" data-quantity="2"`);
  expect(body).toMatch(/<noscript><p>Paying here needs JavaScript/);
});

test.each([
  ["50", 3],
  ["999", 1],
  ["0", 1],
  ["x", 1],
  ["", 1],
])("sells a quantity that the item allows: %j", async (quantity, sold) => {
  const { path } = await onSale();
  const { body } = await fetchPage(`${path}/card?quantity=${quantity}`);
  expect(body).toContain(`data-quantity="${sold}"`);
});

test.each([
  ["the shop has its own checkout", { CHECKOUT_URL: "https://pay.test" }],
  ["there is no publishable key", { STRIPE_PUBLISHABLE_KEY: "" }],
  ["payments are made outside this site", { PAYMENTS: "" }],
])("does not exist if %s", async (_, vars) => {
  const { path } = await onSale();
  expect((await fetchPage(`${path}/card`, {}, { ...STRIPE, ...vars })).status).toBe(404);
});

test("does not exist for an item under another sale's URL", async () => {
  const [mine, other] = [await onSale(), await onSale()];
  const { status, headers } = await fetchPage(`${mine.salePath}/skus/${other.skuId}/card`);
  expect(status).toBe(404);
  expect(headers.get("content-security-policy")).not.toContain("stripe");
});

test.each([
  ["a free item", { price: 0 }],
  ["a sale that is over", { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" }],
])("leads to the sale page for %s", async (_, given) => {
  const { path, salePath } = await onSale(given);
  const { status, location } = await fetchPage(`${path}/card`);
  expect([status, location]).toEqual([303, salePath]);
});

test("takes the card of a signed-in visitor before the opening, in their name, and of nobody else", async () => {
  const { path, salePath } = await onSale({
    opensAt: new Date(Date.now() + 3_600_000).toISOString(),
    closesAt: new Date(Date.now() + 7_200_000).toISOString(),
  });
  const signedOut = await fetchPage(`${path}/card?quantity=2`);
  expect([signedOut.status, signedOut.location]).toEqual([303, salePath]);
  const buyer = await aBuyer();
  const { body, headers } = await fetchPage(`${path}/card?quantity=2`, {
    headers: cookieOf(buyer),
  });
  expect(headers.get("cache-control")).toBe("private, no-store");
  expect(body).toContain(`data-user="${buyer.id}" data-amount="12000" data-currency="USD"`);
  expect(body).toContain("Keep this card for the opening");
});

/** The answer of the order form to a buyer who left two holds unpaid. */
async function afterUnpaidHolds({ path, skuId }: { path: string; skuId: string }, vars?: object) {
  const buyer = await aBuyer();
  for (let i = 0; i < 2; i += 1) {
    const { body } = await order(buyer, skuId);
    await send(request("DELETE", `/api/orders/${body.id}`, { token: buyer.token }));
  }
  const body = new URLSearchParams({ quantity: "2", key: crypto.randomUUID() });
  return fetchPage(`${path}/buy`, { method: "POST", headers: cookieOf(buyer), body }, vars);
}

test("leads buyers there from the order form after two unpaid holds", async () => {
  const item = await onSale();

  const { status, location } = await afterUnpaidHolds(item);

  expect([status, location]).toEqual([303, `${item.path}/card?quantity=2`]);
});

test("names the shop's app instead if only that collects cards, and offers nothing to confirm", async () => {
  const { status, body } = await afterUnpaidHolds(await onSale(), {
    ...STRIPE,
    STRIPE_PUBLISHABLE_KEY: "",
  });

  expect(status).toBe(409);
  expect(body).toContain("order in the shop&#39;s own app, where you pay with the order");
  expect(body).not.toMatch(/choose how to pay|Confirm order|Buy now/i);
});

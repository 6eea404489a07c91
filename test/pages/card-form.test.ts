// The card form of an order's page: when it is offered, what it contains, and that no other page may run Stripe.js.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { request, send, shownOf } from "../support/http.ts";
import { aBuyer, type Buyer, bought, onSale } from "../support/shop.ts";

const STRIPE = {
  PAYMENTS: "stripe",
  STRIPE_SECRET_KEY: "sk_test_x",
  STRIPE_WEBHOOK_SECRET: "whsec_x",
  STRIPE_PUBLISHABLE_KEY: "pk_test_x",
};
const STRICT =
  "default-src 'self'; img-src 'self' https:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";

async function get(path: string, buyer?: Buyer, vars: object = STRIPE) {
  const ctx = createExecutionContext();
  const headers: Record<string, string> = buyer ? { cookie: `session=${buyer.token}` } : {};
  const response = await app.fetch(request("GET", path, { headers }), { ...env, ...vars }, ctx);
  await waitOnExecutionContext(ctx);
  return { headers: response.headers, body: await response.text() };
}

const policy = ({ headers }: { headers: Headers }) => headers.get("content-security-policy");

async function held(price = 12_000) {
  const buyer = await aBuyer();
  const sku = await onSale({ price });
  const { id, saleId } = await bought(buyer, sku);
  return { buyer, path: `/orders/${id}`, salePath: `/sales/${saleId}`, id };
}

test("opens the policy of a payable order's page for Stripe, and of no other page", async () => {
  const { buyer, path, salePath } = await held();

  const page = await get(path, buyer);

  expect(policy(page)).toBe(
    `${STRICT}; script-src 'self' https://js.stripe.com https://*.js.stripe.com; ` +
      "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; " +
      "connect-src 'self' https://api.stripe.com",
  );
  expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin-allow-popups");
  expect(page.headers.get("cache-control")).toContain("no-store");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  for (const other of ["/", salePath, "/orders", `${path}/cancel`, `/api${path}`, "/nowhere"]) {
    const { headers } = await get(other, buyer);
    expect([other, headers.get("content-security-policy")]).toEqual([other, STRICT]);
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  }
  expect(policy(await get(path)), "someone else's order").toBe(STRICT);
});

test("renders an empty slot with what the browser needs, and a note for buyers without JavaScript", async () => {
  const { buyer, path } = await held();

  const { body } = await get(path, buyer);

  expect(body).toMatch(/data-card-form="\/assets\/payment-\w+\.js"/);
  expect(body).toContain('data-key="pk_test_x"');
  expect(body).toContain('data-amount="12000" data-currency="usd"');
  expect(body).toMatch(/<noscript><p>Paying here needs JavaScript/);
  expect(body, "Pay is shown once it can work").toMatch(
    /<button class="action" type="submit" hidden=""/,
  );
  expect(body).not.toContain('name="paymentToken"');
});

test("loads the release of Stripe.js that belongs to the library's API version", async () => {
  const { buyer, path } = await held();
  const release = new Stripe("sk_test_x").getApiField("version").split(".")[1];

  expect((await get(path, buyer)).body).toContain(
    `data-stripe-js="https://js.stripe.com/${release}/stripe.js"`,
  );
});

test("leads from the sale page to the order's own page", async () => {
  const { salePath } = await held();

  const { body } = await get(salePath);

  expect(body).toMatch(/<a class="action" href="\/orders" data-pay-link=""/);
  expect(body).not.toContain("data-card-form");
});

test.each([
  ["the shop has its own checkout", { CHECKOUT_URL: "https://pay.test" }],
  ["there is no publishable key", { STRIPE_PUBLISHABLE_KEY: "" }],
  ["payments are made outside this site", { PAYMENTS: "" }],
])("offers no card form if %s", async (_, vars) => {
  const { buyer, path } = await held();

  const page = await get(path, buyer, { ...STRIPE, ...vars });

  expect(page.body).not.toContain("data-card-form");
  expect(policy(page)).toBe(STRICT);
});

test("says that an order is paid in the shop's app if these pages collect no card", async () => {
  const { buyer, path } = await held();

  const { body } = await get(path, buyer, { ...STRIPE, STRIPE_PUBLISHABLE_KEY: "" });

  expect(body).toContain("Pay for it in the shop&#39;s own app.");
  expect(body).not.toContain("data-pay-button");
  expect(shownOf((await get(path, buyer)).body)).not.toContain("own app");
});

test("offers no card form for a free or canceled order", async () => {
  const free = await held(0);
  const canceled = await held();
  await send(request("DELETE", `/api${canceled.path}`, { token: canceled.buyer.token }));

  for (const { buyer, path } of [free, canceled]) {
    const page = await get(path, buyer);
    expect(page.body).not.toContain("data-card-form");
    expect(policy(page)).toBe(STRICT);
  }
});

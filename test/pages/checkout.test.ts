// Paying for a reserved order on a deployment with a real payment provider: a redirect to the shop's checkout.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { ORIGIN, request } from "../support/http.ts";
import { aBuyer, type Buyer, bought, onSale } from "../support/shop.ts";

const CHECKOUT = "https://pay.test/checkout";
const SHOP = { PAYMENTS: "", CHECKOUT_URL: `${CHECKOUT}?shop=1` };

async function get(path: string, vars: object, buyer?: Buyer): Promise<Response> {
  const ctx = createExecutionContext();
  const headers: Record<string, string> = buyer ? { cookie: `session=${buyer.token}` } : {};
  const response = await app.fetch(request("GET", path, { headers }), { ...env, ...vars }, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

async function held() {
  const buyer = await aBuyer();
  const { id } = await bought(buyer, await onSale({ price: 12_000 }));
  return { buyer, id };
}

test("redirects from the order page to the shop's checkout with the order ID and return URL", async () => {
  const { buyer, id } = await held();
  expect(await (await get(`/orders/${id}`, SHOP, buyer)).text()).toContain(
    `href="/orders/${id}/checkout"`,
  );

  const { status, headers } = await get(`/orders/${id}/checkout`, SHOP, buyer);

  const target = new URL(headers.get("location") ?? "");
  expect([status, target.origin, target.pathname]).toEqual([303, "https://pay.test", "/checkout"]);
  expect(Object.fromEntries(target.searchParams)).toEqual({
    shop: "1",
    order: id,
    return_to: `${ORIGIN}/orders/${id}`,
  });
  expect(headers.get("cache-control")).toContain("no-store");
});

test("redirects nobody but the owner, and nobody when the shop has no checkout", async () => {
  const { buyer, id } = await held();
  expect((await get(`/orders/${id}/checkout`, SHOP)).status).toBe(401);
  expect((await get(`/orders/nonsense/checkout`, SHOP, buyer)).status).toBe(404);
  expect((await get(`/orders/${id}/checkout`, {}, buyer)).status).toBe(404);
  expect(await (await get(`/orders/${id}`, { PAYMENTS: "" }, buyer)).text()).not.toContain(
    "/checkout",
  );
});

test("leads to the shop's checkout where it takes the payment itself, and takes none here", async () => {
  const { buyer, id } = await held();
  const external = {
    PAYMENTS: "external",
    CHECKOUT_URL: CHECKOUT,
    MERCHANT_SECRET: `whsec_${btoa("m".repeat(33))}`,
  };
  const page = await (await get(`/orders/${id}`, external, buyer)).text();
  expect(page).toContain(`href="/orders/${id}/checkout"`);
  expect(page).not.toContain('name="paymentToken"');
  const { status, headers } = await get(`/orders/${id}/checkout`, external, buyer);
  expect(status).toBe(303);
  expect(headers.get("location")).toContain(`${CHECKOUT}?order=${encodeURIComponent(id)}`);
});

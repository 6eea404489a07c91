// The limits of plain HTML forms: cross-site submissions, sign-in redirects, ownership, and malformed fields.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { freshAddress, ORIGIN } from "../support/http.ts";
import { aBuyer, ledger } from "../support/shop.ts";
import { givenItem, visit } from "./form-client.ts";

test("rejects every cross-site form: buy, cancel, pay, sign in and sign out", async () => {
  const { buyer, skuId, path } = await givenItem(
    {},
    { admission: { mode: "queue", ratePerSecond: 10 } },
  );
  const origin = "https://evil.test";
  const order = `/orders/${skuId}.0.${"a".repeat(20)}`;
  const forms: [string, Record<string, string>][] = [
    [path, { quantity: "1", key: "k1" }],
    [`${path.split("/skus")[0]}/line`, {}],
    [`${order}/cancel`, {}],
    [`${order}/payment`, { paymentToken: "tok_ok" }],
    ["/login", { user: "mallory" }],
    ["/logout", {}],
  ];
  for (const [target, fields] of forms) {
    const answer = await visit(target, { buyer, fields, origin });
    expect([target, answer.status]).toEqual([target, 403]);
    expect(answer.headers.get("set-cookie")).toBeNull();
  }
  expect((await ledger(skuId)).held).toBe(0);
});

test("asks a signed-out visitor to sign in, then returns to the same page", async () => {
  const { path } = await givenItem({ perUserLimit: 3 });
  const signedOut = await visit(`${path}?quantity=2`);
  expect(signedOut.html).toContain(`name="next" value="${path}?quantity=2"`);
  const next = `${path}?quantity=2`;
  const signedIn = await visit("/login", { fields: { user: "alice", next } });
  expect([signedIn.status, signedIn.location]).toEqual([303, next]);
  expect(signedIn.headers.get("set-cookie")).toMatch(/session=.*HttpOnly; Secure; SameSite=Lax/);
});

test.each([
  "https://evil.test/",
  "//evil.test",
  "/\\evil.test",
  "\\\\evil.test",
  "/\t/evil.test",
  "/x\0",
  "javascript:alert(1)",
  "/a\nb",
])("never redirects to %s after sign-in", async (next) => {
  const { status, location } = await visit("/login", { fields: { user: "alice", next } });
  expect([status, location]).toEqual([303, "/orders"]);
});

test("keeps the percent-encoding of the return path after sign-in", async () => {
  const { html } = await visit("/orders/a%2Fb%0A");
  expect(html).toContain('name="next" value="/orders/a%2Fb%0A"');
});

test("shows an order page only to its owner", async () => {
  const { buyer, path } = await givenItem();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  expect((await visit(location)).status).toBe(401);
  expect((await visit(location, { buyer: await aBuyer() })).status).toBe(404);
});

test.each([
  ["an invalid quantity", { quantity: "0", key: "k" }],
  ["an invalid key", { quantity: "1", key: "not a key" }],
  ["an unknown field", { quantity: "1", key: "k", extra: "1" }],
])("rejects a form with %s", async (_, fields) => {
  const { buyer, path } = await givenItem();
  expect((await visit(path, { buyer, fields })).status).toBe(400);
});

test.each(["%ED%A0%80", "tok%FFok", "%C3"])(
  "rejects the payment token %s because it is not valid UTF-8",
  async (token) => {
    const { buyer, path } = await givenItem({ price: 900 });
    const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
    const response = await exports.default.fetch(
      new Request(new URL(`${location}/payment`, ORIGIN), {
        method: "POST",
        redirect: "manual",
        headers: {
          "cf-connecting-ip": freshAddress(),
          "content-type": "application/x-www-form-urlencoded",
          cookie: `session=${buyer.token}`,
          origin: ORIGIN,
        },
        body: `paymentToken=${token}`,
      }),
    );
    expect(response.status).toBe(400);
    expect((await visit(location, { buyer })).html).toContain('data-payment=""');
  },
);

// Buying, paying and signing in through plain forms: the same funnel, the same answers, no JavaScript.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { admin, freshAddress, ORIGIN } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { aBuyer, aSale, aSku, type Buyer, ledger, putSale, settled } from "../support/shop.ts";

interface Form {
  buyer?: Buyer;
  fields?: Record<string, string>;
  origin?: string;
}

/** A request as a browser without JavaScript sends it; redirects are not followed. */
async function visit(path: string, { buyer, fields, origin = ORIGIN }: Form = {}) {
  const response = await exports.default.fetch(
    new Request(new URL(path, ORIGIN), {
      method: fields ? "POST" : "GET",
      redirect: "manual",
      headers: {
        "cf-connecting-ip": freshAddress(),
        ...(fields ? { origin } : {}),
        ...(buyer ? { cookie: `session=${buyer.token}` } : {}),
      },
      ...(fields ? { body: new URLSearchParams(fields) } : {}),
    }),
  );
  const { status, headers } = response;
  return { status, headers, location: headers.get("location") ?? "", html: await response.text() };
}

async function stage(sku: Parameters<typeof aSku>[0] = {}, sale: Parameters<typeof aSale>[0] = {}) {
  const item = aSku(sku);
  const { id } = await putSale(aSale({ skus: [item], ...sale }));
  return { buyer: await aBuyer(), skuId: item.id, path: `/sales/${id}/skus/${item.id}/buy` };
}

const keyIn = (html: string): string => /name="key" value="([^"]+)"/.exec(html)?.[1] ?? "";

test("each visit of the order form has a key of its own, and is kept by nobody", async () => {
  const { buyer, path } = await stage();
  const [one, two] = [await visit(path, { buyer }), await visit(path, { buyer })];
  expect(keyIn(one.html)).toMatch(/^[\w-]{20,64}$/);
  expect(keyIn(one.html)).not.toBe(keyIn(two.html));
  expect(one.headers.get("cache-control")).toBe("private, no-store");
});

test("the form buys; sent twice it finds the same order", async () => {
  const { buyer, skuId, path } = await stage();
  const fields = { quantity: "1", key: keyIn((await visit(path, { buyer })).html) };
  const [one, two] = [await visit(path, { buyer, fields }), await visit(path, { buyer, fields })];
  expect(one.status).toBe(303);
  expect(two.location).toBe(one.location);
  await settled(skuId);
  const page = await visit(one.location, { buyer });
  expect(page.html).toContain("Order confirmed");
  expect((await ledger(skuId)).sold).toBe(1);
  expect((await visit("/orders", { buyer })).html).toContain(one.location);
});

test.each([
  ["was deleted", (saleId: string) => admin("DELETE", `/sales/${saleId}`)],
  ["has other items now", (saleId: string) => putSale(aSale({ id: saleId }))],
])(
  "the form sent again finds its order after its sale %s; a new one orders nothing",
  async (_, change) => {
    const { buyer, skuId, path } = await stage();
    const fields = { quantity: "1", key: "k1" };
    const { location } = await visit(path, { buyer, fields });
    await settled(skuId);
    await change(path.split("/")[2] ?? "");
    const again = await visit(path, { buyer, fields });
    expect([again.status, again.location]).toEqual([303, location]);
    expect((await visit(path, { buyer, fields: { ...fields, key: "k2" } })).status).toBe(404);
    expect(await ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  },
);

test("a paid order is paid, and another given back, by form", async () => {
  const { buyer, skuId, path } = await stage({ price: 900, perUserLimit: 2 });
  const place = () => visit(path, { buyer, fields: { quantity: "1", key: crypto.randomUUID() } });
  const [first, second] = [(await place()).location, (await place()).location];
  expect((await visit(first, { buyer })).html).toContain("tok_ok");
  const paid = await visit(`${first}/payment`, { buyer, fields: { paymentToken: "tok_ok" } });
  expect([paid.status, paid.location]).toEqual([303, first]);
  const sure = await visit(`${second}/cancel`, { buyer });
  expect(sure.html).toContain("Yes, cancel reservation");
  const given = await visit(`${second}/cancel`, { buyer, fields: {} });
  expect([given.status, given.location]).toEqual([303, second]);
  expect((await visit(second, { buyer })).html).toContain("You canceled this order");
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  const again = await visit(`${second}/payment`, { buyer, fields: { paymentToken: "tok_ok" } });
  expect(again.status).toBe(409);
});

test.each([
  ["sold out", { stock: 0 }, {}, 409, "Sold out"],
  [
    "not open",
    {},
    { opensAt: "2100-01-01T00:00:00Z", closesAt: "2100-01-02T00:00:00Z" },
    403,
    "Not open yet",
  ],
  [
    "closed",
    {},
    { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" },
    410,
    "Sale ended",
  ],
])("%s is said in words, with the API's status", async (_, sku, sale, status, words) => {
  const { buyer, path } = await stage(sku, sale);
  const answer = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  expect(answer.status).toBe(status);
  expect(answer.html).toContain(words);
  expect(answer.headers.get("cache-control")).toBe("private, no-store");
});

test.each([
  ["upcoming", { opensAt: "2100-01-01T00:00:00Z", closesAt: "2100-01-02T00:00:00Z" }, "It opens"],
  ["closed", { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" }, "has ended"],
])("the order form of a sale that is %s has nothing to confirm", async (_, sale, words) => {
  const { buyer, path } = await stage({}, sale);
  const { html } = await visit(path, { buyer });
  expect(html).toContain(words);
  expect(html).not.toContain("Confirm order");
});

test("a form that showed another price orders nothing, shows the price of now, and goes on with it", async () => {
  const { buyer, skuId, path } = await stage({ price: 5_500 });
  const fields = { quantity: "1", key: "k1", unitPrice: "4500 USD" };
  const asked = await visit(path, { buyer, fields });
  expect(asked.status).toBe(409);
  expect(asked.html).toContain("The price is now $55.00");
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
  const [unitPrice] = /(?<=name="unitPrice" value=")[^"]+/.exec(asked.html) ?? [""];
  expect(unitPrice).toBe("5500 USD");
  const key = keyIn(asked.html);
  const bought = await visit(path, { buyer, fields: { ...fields, key, unitPrice } });
  expect(bought.status).toBe(303);
  expect(await ledger(skuId)).toMatchObject({ held: 1 });
});

test.each(["", "free", "-1 USD", "1.5 USD", "99999999999 USD", "1 usd"])(
  "a form whose price is %j is refused, not broken",
  async (unitPrice) => {
    const { buyer, path } = await stage();
    const { status } = await visit(path, {
      buyer,
      fields: { quantity: "1", key: "k1", unitPrice },
    });
    expect(status).toBe(400);
  },
);

test("after holds that ended unpaid, the form takes the payment with the order", async () => {
  const { buyer, skuId, path } = await stage({ price: 900 });
  for (const key of ["k1", "k2"]) {
    const { location } = await visit(path, { buyer, fields: { quantity: "1", key } });
    await visit(`${location}/cancel`, { buyer, fields: {} });
  }
  const asked = await visit(path, { buyer, fields: { quantity: "1", key: "k3" } });
  expect(asked.status).toBe(409);
  expect(asked.html).toContain("choose how to pay before you order");
  expect(asked.html).toMatch(
    /<form class="stack" method="post".*name="paymentToken".*Confirm order/s,
  );
  const fields = { quantity: "1", key: keyIn(asked.html), paymentToken: "tok_ok" };
  expect((await visit(path, { buyer, fields })).status).toBe(303);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 1 });
});

test("an item under another sale's address is not there, and is not ordered", async () => {
  const { buyer, skuId } = await stage();
  const other = await stage();
  const wrong = other.path.replace(other.skuId, skuId);
  expect((await visit(wrong, { buyer })).status).toBe(404);
  const sent = await visit(wrong, { buyer, fields: { quantity: "1", key: "k1" } });
  expect(sent.status).toBe(404);
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
});

test("who has it already is led to the order", async () => {
  const { buyer, path } = await stage();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const again = await visit(path, { buyer, fields: { quantity: "1", key: "k2" } });
  expect(again.status).toBe(409);
  expect(again.html).toContain(`href="${location}"`);
});

test("an order that settles by itself is looked at again without JavaScript, others are not", async () => {
  const queue = captureQueue();
  const { buyer, skuId, path } = await stage();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const refresh = '<noscript><meta http-equiv="refresh"';
  expect((await visit(location, { buyer })).html).toContain(refresh);
  await deliver(await takeMessages(queue, skuId, 1));
  expect((await visit(location, { buyer })).html).not.toContain(refresh);
});

test("orders that can still be lost come first, with the time they can be lost at", async () => {
  const { buyer, path } = await stage({ price: 900 });
  const first = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const free = await stage();
  const second = await visit(free.path, { buyer, fields: { quantity: "1", key: "k1" } });
  const { html } = await visit("/orders", { buyer });
  expect(html).toContain("Pay by <time");
  expect(html.indexOf(first.location)).toBeLessThan(html.indexOf(second.location));
});

test("another site's form buys nothing, pays nothing, signs nobody in or out", async () => {
  const { buyer, skuId, path } = await stage();
  const origin = "https://evil.test";
  const order = `/orders/${skuId}.0.${"a".repeat(20)}`;
  const forms: [string, Record<string, string>][] = [
    [path, { quantity: "1", key: "k1" }],
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

test("strangers are asked to sign in, and come back to where they were", async () => {
  const { path } = await stage({ perUserLimit: 3 });
  const asked = await visit(`${path}?quantity=2`);
  expect(asked.html).toContain(`name="next" value="${path}?quantity=2"`);
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
])("the sign-in never leads to %s", async (next) => {
  const { status, location } = await visit("/login", { fields: { user: "alice", next } });
  expect([status, location]).toEqual([303, "/orders"]);
});

test("the way back after signing in is the address as it was sent", async () => {
  const { html } = await visit("/orders/a%2Fb%0A");
  expect(html).toContain('name="next" value="/orders/a%2Fb%0A"');
});

test("an order's page is for its owner alone", async () => {
  const { buyer, path } = await stage();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  expect((await visit(location)).status).toBe(401);
  expect((await visit(location, { buyer: await aBuyer() })).status).toBe(404);
});

test.each([
  ["quantity", { quantity: "0", key: "k" }],
  ["key", { quantity: "1", key: "not a key" }],
  ["strange field", { quantity: "1", key: "k", extra: "1" }],
])("a form with a wrong %s is refused", async (_, fields) => {
  const { buyer, path } = await stage();
  expect((await visit(path, { buyer, fields })).status).toBe(400);
});

test.each(["%ED%A0%80", "tok%FFok", "%C3"])(
  "%s is no payment method: it is not text",
  async (token) => {
    const { buyer, path } = await stage({ price: 900 });
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

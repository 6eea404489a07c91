// Buying, paying and signing in with plain HTML forms: the same funnel and answers as the API, no JavaScript.
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

test("issues a fresh idempotency key with every order form and forbids caching it", async () => {
  const { buyer, path } = await stage();
  const [one, two] = [await visit(path, { buyer }), await visit(path, { buyer })];
  expect(keyIn(one.html)).toMatch(/^[\w-]{20,64}$/);
  expect(keyIn(one.html)).not.toBe(keyIn(two.html));
  expect(one.headers.get("cache-control")).toBe("private, no-store");
});

test("places one order when the form is submitted twice", async () => {
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
  ["dropped the item", (saleId: string) => putSale(aSale({ id: saleId }))],
])(
  "finds the order of a resubmitted form after the sale %s, and takes no new order",
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

test("pays one reserved order and cancels another by form", async () => {
  const { buyer, skuId, path } = await stage({ price: 900, perUserLimit: 2 });
  const place = () => visit(path, { buyer, fields: { quantity: "1", key: crypto.randomUUID() } });
  const [first, second] = [(await place()).location, (await place()).location];
  expect((await visit(first, { buyer })).html).toContain("tok_ok");
  const paid = await visit(`${first}/payment`, { buyer, fields: { paymentToken: "tok_ok" } });
  expect([paid.status, paid.location]).toEqual([303, first]);
  const confirmation = await visit(`${second}/cancel`, { buyer });
  expect(confirmation.html).toContain("Yes, cancel reservation");
  const canceled = await visit(`${second}/cancel`, { buyer, fields: {} });
  expect([canceled.status, canceled.location]).toEqual([303, second]);
  expect((await visit(second, { buyer })).html).toContain("You canceled this order");
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  const again = await visit(`${second}/payment`, { buyer, fields: { paymentToken: "tok_ok" } });
  expect(again.status).toBe(409);
});

test.each([
  ["a sold-out item", { stock: 0 }, {}, 409, "Sold out"],
  [
    "an upcoming sale",
    {},
    { opensAt: "2100-01-01T00:00:00Z", closesAt: "2100-01-02T00:00:00Z" },
    403,
    "Not open yet",
  ],
  [
    "a closed sale",
    {},
    { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" },
    410,
    "Sale ended",
  ],
])(
  "explains the refusal for %s, with the API's status code",
  async (_, sku, sale, status, words) => {
    const { buyer, path } = await stage(sku, sale);
    const answer = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(words);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
  },
);

test.each([
  [
    "an upcoming",
    { opensAt: "2100-01-01T00:00:00Z", closesAt: "2100-01-02T00:00:00Z" },
    "It opens",
  ],
  ["a closed", { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" }, "has ended"],
])("offers no Confirm button on the order form of %s sale", async (_, sale, words) => {
  const { buyer, path } = await stage({}, sale);
  const { html } = await visit(path, { buyer });
  expect(html).toContain(words);
  expect(html).not.toContain("Confirm order");
});

test("orders nothing at an outdated price, then sells at the current price", async () => {
  const { buyer, skuId, path } = await stage({ price: 5_500 });
  const fields = { quantity: "1", key: "k1", unitPrice: "4500 USD" };
  const refused = await visit(path, { buyer, fields });
  expect(refused.status).toBe(409);
  expect(refused.html).toContain("The price is now $55.00");
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
  const [unitPrice] = /(?<=name="unitPrice" value=")[^"]+/.exec(refused.html) ?? [""];
  expect(unitPrice).toBe("5500 USD");
  const key = keyIn(refused.html);
  const bought = await visit(path, { buyer, fields: { ...fields, key, unitPrice } });
  expect(bought.status).toBe(303);
  expect(await ledger(skuId)).toMatchObject({ held: 1 });
});

test.each(["", "free", "-1 USD", "1.5 USD", "9999999999999 USD", "1 usd"])(
  "rejects the malformed price %j with 400",
  async (unitPrice) => {
    const { buyer, path } = await stage();
    const { status } = await visit(path, {
      buyer,
      fields: { quantity: "1", key: "k1", unitPrice },
    });
    expect(status).toBe(400);
  },
);

test("requires payment with the order after two unpaid reservations", async () => {
  const { buyer, skuId, path } = await stage({ price: 900 });
  for (const key of ["k1", "k2"]) {
    const { location } = await visit(path, { buyer, fields: { quantity: "1", key } });
    await visit(`${location}/cancel`, { buyer, fields: {} });
  }
  const refused = await visit(path, { buyer, fields: { quantity: "1", key: "k3" } });
  expect(refused.status).toBe(409);
  expect(refused.html).toContain("choose how to pay before you order");
  expect(refused.html).toMatch(
    /<form class="stack" method="post".*name="paymentToken".*Confirm order/s,
  );
  const fields = { quantity: "1", key: keyIn(refused.html), paymentToken: "tok_ok" };
  expect((await visit(path, { buyer, fields })).status).toBe(303);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 1 });
});

test("answers 404 and orders nothing for an item under another sale's URL", async () => {
  const { buyer, skuId } = await stage();
  const other = await stage();
  const wrong = other.path.replace(other.skuId, skuId);
  expect((await visit(wrong, { buyer })).status).toBe(404);
  const sent = await visit(wrong, { buyer, fields: { quantity: "1", key: "k1" } });
  expect(sent.status).toBe(404);
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
});

test("links a buyer at the purchase limit to the existing order", async () => {
  const { buyer, path } = await stage();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const again = await visit(path, { buyer, fields: { quantity: "1", key: "k2" } });
  expect(again.status).toBe(409);
  expect(again.html).toContain(`href="${location}"`);
});

test("refreshes an order page without JavaScript only while the order is being processed", async () => {
  const queue = captureQueue();
  const { buyer, skuId, path } = await stage();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const refresh = '<noscript><meta http-equiv="refresh"';
  expect((await visit(location, { buyer })).html).toContain(refresh);
  await deliver(await takeMessages(queue, skuId, 1));
  expect((await visit(location, { buyer })).html).not.toContain(refresh);
});

test("lists unpaid orders first, with their payment deadline", async () => {
  const { buyer, path } = await stage({ price: 900 });
  const first = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const free = await stage();
  const second = await visit(free.path, { buyer, fields: { quantity: "1", key: "k1" } });
  const { html } = await visit("/orders", { buyer });
  expect(html).toContain("Pay by <time");
  expect(html.indexOf(first.location)).toBeLessThan(html.indexOf(second.location));
});

test("rejects every cross-site form: buy, cancel, pay, sign in and sign out", async () => {
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

test("asks a signed-out visitor to sign in, then returns to the same page", async () => {
  const { path } = await stage({ perUserLimit: 3 });
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
  const { buyer, path } = await stage();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  expect((await visit(location)).status).toBe(401);
  expect((await visit(location, { buyer: await aBuyer() })).status).toBe(404);
});

test.each([
  ["an invalid quantity", { quantity: "0", key: "k" }],
  ["an invalid key", { quantity: "1", key: "not a key" }],
  ["an unknown field", { quantity: "1", key: "k", extra: "1" }],
])("rejects a form with %s", async (_, fields) => {
  const { buyer, path } = await stage();
  expect((await visit(path, { buyer, fields })).status).toBe(400);
});

test.each(["%ED%A0%80", "tok%FFok", "%C3"])(
  "rejects the payment token %s because it is not valid UTF-8",
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

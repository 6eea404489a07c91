// A repeated idempotency key gets the stored answer, even after the catalog or the sale's times changed.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Sale } from "../../src/catalog/schema.ts";
import { resetMemories } from "../../src/edge/memory.ts";
import type { Order } from "../../src/inventory/order.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { givenClock } from "../support/clock.ts";
import { type Answer, admin, call, contractFaults } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  buyers,
  ledger,
  putSale,
  suppressLiveStock,
  tally,
  unique,
} from "../support/shop.ts";

beforeAll(pauseQueue);
beforeEach(async () => {
  suppressLiveStock(); // objects of earlier tests would publish stock, and later tests would count that
  await emptyRedis();
});

const HOUR_MS = 3_600_000;
const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();

interface Body {
  quantity?: number;
  paymentToken?: string;
  ticket?: string;
  unitPrice?: { amount: number; currency: string };
}

const post = (
  { token }: Buyer,
  skuId: string,
  key: string,
  body: Body = {},
  headers: Record<string, string> = {},
): Promise<Answer<Order>> =>
  call<Order>("POST", `/api/skus/${skuId}/orders`, {
    token,
    headers: { "idempotency-key": key, ...headers },
    body: { quantity: 1, paymentToken: "tok_ok", ...body },
  });

/** Makes an order for one unit of a SKU that sells for 100. */
async function givenOrder(changes: Partial<Sale> = {}) {
  const sku = aSku({ price: 100, perUserLimit: 5 });
  const sale = await putSale(aSale({ ...changes, skus: [sku, aSku()] }));
  const [buyer, key] = [await aBuyer(), unique("key")];
  const first = await post(buyer, sku.id, key);
  expect(first.status).toBe(202);
  return { sale, skuId: sku.id, buyer, key, first };
}

/** Records the reserve calls that objects receive. */
function watchObjects() {
  const spy = vi.spyOn(SkuInventory.prototype, "reserve");
  onTestFinished(() => spy.mockRestore());
  return spy.mock.calls;
}

const CHANGES: [string, string, (sale: Sale) => unknown][] = [
  ["its SKU left the sale", "not_found", (sale) => putSale({ ...sale, skus: sale.skus.slice(1) })],
  ["its sale was deleted", "not_found", ({ id }) => admin("DELETE", `/sales/${id}`)],
  [
    "its SKU left the sale, which was deleted then",
    "not_found",
    async (sale) => {
      await putSale({ ...sale, skus: sale.skus.slice(1) });
      await admin("DELETE", `/sales/${sale.id}`);
    },
  ],
  [
    "its sale was postponed",
    "sale_not_open",
    (sale) => putSale({ ...sale, opensAt: inHours(1), closesAt: inHours(2) }),
  ],
  ["its sale was ended", "sale_closed", (sale) => putSale({ ...sale, closesAt: inHours(-0.01) })],
  [
    "its sale ended two days ago",
    "sale_closed",
    (sale) => putSale({ ...sale, opensAt: inHours(-72), closesAt: inHours(-48) }),
  ],
  [
    "its price changed",
    "price_changed",
    (sale) =>
      putSale({
        ...sale,
        skus: sale.skus.map((sku) => ({ ...sku, unitPrice: { amount: 9_900, currency: "USD" } })),
      }),
  ],
];

describe.each(CHANGES)("after %s", (_, refusal, change) => {
  test("the same key of the same buyer gets the same answer, and all others are refused", async () => {
    const { sale, skuId, buyer, key, first } = await givenOrder();
    await change(sale);
    const seen = { unitPrice: { amount: 100, currency: "USD" } };

    const again = await post(buyer, skuId, key, seen);
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));

    const other = [
      await post(buyer, skuId, unique("key"), seen),
      await post(await aBuyer(), skuId, key, seen),
      await post(buyer, skuId, unique("key"), seen, { "idempotency-retry": "true" }),
    ];
    expect(tally(other)).toEqual({ [refusal]: 3 });
    expect(other.flatMap(contractFaults)).toEqual([]);
  });

  test("the same key may come with another ticket or price, but not another quantity or payment method", async () => {
    const { sale, skuId, buyer, key, first } = await givenOrder();
    await change(sale);
    const others: Body[] = [{ quantity: 2 }, { paymentToken: "tok_other" }];
    for (const body of others) {
      expect((await post(buyer, skuId, key, body)).code).toBe("idempotency_key_reused");
    }
    const same: Body[] = [{ ticket: "a-place" }, { unitPrice: { amount: 7, currency: "EUR" } }];
    for (const body of same) expect((await post(buyer, skuId, key, body)).body).toEqual(first.body);
  });
});

test("right after the sale closes, the same key gets its order and another gets sale_closed", async () => {
  const clock = givenClock(Date.now());
  const { sale, skuId, buyer, key, first } = await givenOrder({ closesAt: inHours(1) });
  clock.moveTo(Date.parse(sale.closesAt));
  expect((await post(buyer, skuId, key)).body).toEqual(first.body);
  expect((await post(await aBuyer(), skuId, key)).code).toBe("sale_closed");
});

test("a challenge added after the order does not block the buyer's retry once the sale is closed", async () => {
  const { sale, skuId, buyer, key, first } = await givenOrder();
  const protection = { challenge: { mode: "always" } };
  await putSale({ ...sale, closesAt: inHours(-0.01), protection } as Sale);
  expect((await post(buyer, skuId, key)).body).toEqual(first.body);
});

describe("a challenge added while the sale is open", () => {
  const retry = { "idempotency-retry": "true" };

  test("does not block a retry in the same isolate, or in another one with the retry header", async () => {
    const { sale, skuId, buyer, key, first } = await givenOrder();
    await putSale({ ...sale, protection: { challenge: { mode: "always" } } } as Sale);

    expect((await post(buyer, skuId, key)).body).toEqual(first.body);
    resetMemories(); // as in another isolate, which has never seen this buyer
    expect((await post(buyer, skuId, key, {}, retry)).body).toEqual(first.body);
  });

  test("blocks attempts with a new key, even with the retry header", async () => {
    const { sale, skuId, buyer } = await givenOrder();
    await putSale({ ...sale, protection: { challenge: { mode: "always" } } } as Sale);
    const sold = (await ledger(skuId)).available;

    const answers = [
      await post(buyer, skuId, unique("key"), {}, retry),
      await post(await aBuyer(), skuId, unique("key"), {}, retry),
    ];
    expect(tally(answers)).toEqual({ challenge_required: 2 });
    expect((await ledger(skuId)).available).toBe(sold);
  });
});

test("fingerprints equal those that older releases stored", async () => {
  const { skuId } = await givenOrder();
  const text = new TextEncoder().encode(JSON.stringify([1, "tok_ok", null]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text), 0, 12);
  const stored = await runInDurableObject(env.SKU_INVENTORY.getByName(skuId), (_, { storage }) =>
    storage.sql.exec("SELECT fingerprint FROM orders").one(),
  );
  expect(stored.fingerprint).toBe(btoa(String.fromCharCode(...digest)));
});

describe("the edge calls no object", () => {
  const retry = { "idempotency-retry": "true" };

  test("for a SKU that never existed, even with the retry header", async () => {
    const calls = watchObjects();
    const answers = [
      await post(await aBuyer(), unique("sku"), "k"),
      await post(await aBuyer(), unique("sku"), "k", {}, retry),
    ];
    expect(tally(answers)).toEqual({ not_found: 2 });
    expect(calls).toEqual([]);
  });

  test("for a SKU that never sold, except once after its sale was deleted", async () => {
    const sku = aSku();
    const sale = aSale({ skus: [sku], opensAt: inHours(1), closesAt: inHours(2) });
    await putSale(sale);
    const calls = watchObjects();
    const crowd = await buyers(20);
    const upcoming = await redisCost(() => Promise.all(crowd.map((b) => post(b, sku.id, "k"))));
    expect(tally(upcoming.result)).toEqual({ sale_not_open: 20 });
    expect(calls).toEqual([]);

    givenClock(Date.now()); // frozen, so that the edge remembers the answer as long as the test lasts
    await admin("DELETE", `/sales/${sale.id}`);
    expect((await post(await aBuyer(), sku.id, "k")).code).toBe("not_found");
    const deleted = await Promise.all(crowd.map((buyer) => post(buyer, sku.id, "k")));
    expect(tally(deleted)).toEqual({ not_found: 20 });
    expect(calls.map(([command]) => command.lookUpOnly)).toEqual([true]);
  });

  test.each(CHANGES.slice(0, -1))(
    "for 200 buyers after %s, once an answer of the object listed its buyers",
    async (_, refusal, change) => {
      const { sale, skuId, buyer, key } = await givenOrder();
      await change(sale);
      givenClock(Date.now() + 60_000);
      expect((await post(await aBuyer(), skuId, "k")).code).toBe(refusal);
      const calls = watchObjects();

      const crowd = await buyers(200);
      const { result, commands } = await redisCost(() =>
        Promise.all(crowd.map((other) => post(other, skuId, "k"))),
      );

      expect(tally(result)).toEqual({ [refusal]: 200 });
      expect([commands, calls.length]).toEqual([0, 0]);
      expect((await post(buyer, skuId, key)).status).toBe(202);
    },
  );
});

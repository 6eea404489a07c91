// The operator's export of orders as CSV: complete, streamed page by page, and never cut off in silence.
import { exports } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { aReservation, inventory } from "../inventory/object.ts";
import { ADMIN_TOKEN, admin, contractFaults, request } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { aBuyer, aSku, bought, onSale, unique } from "../support/shop.ts";

beforeAll(pauseQueue);

const HEADER =
  "orderId,userId,saleId,skuId,item,option,quantity,currency,unitPrice,total,status,payment,reason," +
  "refunded,refundedQuantity,dispute,createdAt,expiresAt,version,number";

const csv = async (skuId: string) => {
  const answer = await admin<string>("GET", `/skus/${skuId}/orders.csv`);
  return { ...answer, lines: String(answer.body).split("\r\n") };
};

/** Given a SKU with `count` orders of different users. */
async function givenOrders(count: number): Promise<string> {
  const skuId = await onSale({ stock: count });
  for (let i = 0; i < count; i += 1) {
    expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({ ok: true });
  }
  return skuId;
}

test("has a header and one record for each order, with money in decimals", async () => {
  const skuId = await onSale({ price: 1_250, name: 'The "big", one', stock: 3, perUserLimit: 2 });
  const buyer = await aBuyer();
  const order = await bought(buyer, skuId, { quantity: 2 });

  const { status, headers, lines } = await csv(skuId);

  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
  expect(headers.get("content-disposition")).toBe(`attachment; filename="orders-${skuId}.csv"`);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(lines).toEqual([
    HEADER,
    `${order.id},${buyer.id},${order.saleId},${skuId},"The ""big"", one",,2,USD,12.50,25.00,reserved,,,` +
      `0.00,0,,${order.createdAt},${order.expiresAt},1,${order.number}`,
    "",
  ]);
});

test("is only the header for a SKU without orders", async () => {
  expect((await csv(await onSale())).lines).toEqual([HEADER, ""]);
});

test("cannot run a formula that a buyer or operator smuggled in", async () => {
  const skuId = await onSale({ name: "=HYPERLINK(0)" });
  await bought(await aBuyer("@evil"), skuId);
  const [, record] = (await csv(skuId)).lines;
  expect(record).toContain(",'@evil,");
  expect(record).toContain(",'=HYPERLINK(0),");
});

test("has every order once, however many pages it takes", async () => {
  const skuId = await givenOrders(450);
  const { lines } = await csv(skuId);
  expect(lines).toHaveLength(452);
  expect(new Set(lines).size).toBe(452);
});

test("reads a page only when the client has taken the one before", async () => {
  const skuId = await givenOrders(450);
  const page = vi.spyOn(SkuInventory.prototype, "page");
  onTestFinished(() => page.mockRestore());
  const path = `/api/admin/skus/${skuId}/orders.csv`;
  const response = await exports.default.fetch(request("GET", path, { token: ADMIN_TOKEN }));
  const body = response.body as ReadableStream<Uint8Array>;
  const reader = body.getReader();
  await reader.read();
  expect(page.mock.calls.length).toBeLessThan(3);
  await reader.cancel();
});

test("breaks off if the ledger fails on the way, so that no part looks like the whole", async () => {
  const skuId = await givenOrders(250);
  const real = SkuInventory.prototype.page;
  const page = vi.spyOn(SkuInventory.prototype, "page").mockImplementation(function (
    this: SkuInventory,
    after,
  ) {
    if (after) throw new Error("the object died");
    return real.call(this, after);
  });
  onTestFinished(() => page.mockRestore());
  const path = `/api/admin/skus/${skuId}/orders.csv`;
  const response = await exports.default.fetch(request("GET", path, { token: ADMIN_TOKEN }));
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test.each([unique("never-sold"), "UPPER", "x".repeat(65), "%00", aSku().id])(
  "is not found for the SKU %s, which never had stock, and neither is its list of orders",
  async (skuId) => {
    for (const path of [`/skus/${skuId}/orders.csv`, `/skus/${skuId}/orders`]) {
      const answer = await admin("GET", path);
      expect(answer).toMatchObject({ status: 404, code: "not_found" });
      expect(contractFaults(answer)).toEqual([]);
    }
  },
);

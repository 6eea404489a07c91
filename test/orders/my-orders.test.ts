// A buyer's list of orders: complete, paged, up to date with their own writes, and without needless object calls.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { protectionSchema } from "../../src/catalog/protection.ts";
import worker from "../../src/index.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost, redisIsBack, redisIsDown } from "../support/redis.ts";
import { resetState } from "../support/reset.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  bought,
  onSale,
  order,
  putSale,
  settled,
  showOrder,
  unique,
  until,
} from "../support/shop.ts";

beforeEach(async () => {
  // A reconciliation takes as long as there are ledgers, and stops at its time limit.
  await resetState();
  await runReconciliation();
});

const runReconciliation = () => worker.scheduled(createScheduledController(), env);

interface List {
  orders: { id: string; status: string; createdAt: string }[];
  nextCursor?: string;
  incomplete?: true;
}

async function listOf({ token }: Buyer, cursor?: string): Promise<List> {
  const path = `/api/orders${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`;
  const answer = await call<List>("GET", path, { token });
  expect(answer.status).toBe(200);
  return answer.body;
}
const idsOf = ({ orders }: List): string[] => orders.map(({ id }) => id);

async function allOf(buyer: Buyer): Promise<List["orders"]> {
  const all: List["orders"] = [];
  let cursor: string | undefined;
  do {
    const list = await listOf(buyer, cursor);
    expect(list.orders.length).toBeLessThanOrEqual(50);
    all.push(...list.orders);
    cursor = list.nextCursor;
  } while (cursor);
  return all;
}

/** Counts how often objects are asked for a user's orders. */
function countLedgerReads(): { readonly count: number } {
  const spy = vi.spyOn(SkuInventory.prototype, "ordersOf");
  onTestFinished(() => spy.mockRestore());
  return {
    get count() {
      return spy.mock.calls.length;
    },
  };
}

/** Puts `count` SKUs on sale. */
async function givenSkus(count: number): Promise<string[]> {
  const user = { algorithm: "fixed-window", limit: 1_000, windowSeconds: 60 } as const;
  const protection = protectionSchema.parse({ limits: { order: { user } } });
  const skuIds: string[] = [];
  for (let left = count; left > 0; left -= 50) {
    const skus = Array.from({ length: Math.min(left, 50) }, () => aSku({ perUserLimit: 5 }));
    await putSale(aSale({ skus, protection }));
    skuIds.push(...skus.map(({ id }) => id));
  }
  return skuIds;
}

describe("the list of orders", () => {
  test("calls no object for a user without orders, and costs one Redis round trip", async () => {
    await givenSkus(55);
    const buyer = await aBuyer();
    const reads = countLedgerReads();
    await listOf(buyer);
    const { result, roundTrips } = await redisCost(() => listOf(buyer));
    expect(result).toEqual({ orders: [] });
    expect([reads.count, roundTrips]).toEqual([0, 1]);
  });

  test("calls no object for a user with settled orders", async () => {
    const buyer = await aBuyer();
    const skuId = await onSale();
    const { id } = await bought(buyer, skuId);
    await settled(skuId);
    const reads = countLedgerReads();
    expect(idsOf(await listOf(buyer))).toEqual([id]);
    expect(reads.count).toBe(0);
  });

  test("contains an order right after its 202, however many SKUs are on sale", async () => {
    captureQueue();
    const skuIds = await givenSkus(60);
    const buyer = await aBuyer();
    for (const skuId of [skuIds[0], skuIds[30], skuIds[59]] as string[]) {
      const { id } = await bought(buyer, skuId);
      expect(idsOf(await listOf(buyer))).toContain(id);
    }
    const reads = countLedgerReads();
    expect((await listOf(buyer)).orders).toHaveLength(3);
    expect(reads.count).toBe(3);
  });

  test("contains both orders of one SKU even if only the second is in Redis", async () => {
    const queue = captureQueue();
    const skuId = await onSale({ perUserLimit: 2 });
    const buyer = await aBuyer();
    const first = await bought(buyer, skuId);
    const second = await bought(buyer, skuId);
    const messages = await takeMessages(queue, skuId, 2);
    await deliver(messages.filter(({ orderId }) => orderId === second.id));
    expect(idsOf(await listOf(buyer)).sort()).toEqual([first.id, second.id].sort());
  });

  test("shows a cancellation at once", async () => {
    captureQueue();
    const skuId = await onSale({ price: 100 });
    const buyer = await aBuyer();
    const { id } = await bought(buyer, skuId);
    await call("DELETE", `/api/orders/${id}`, { token: buyer.token });
    expect((await listOf(buyer)).orders).toMatchObject([{ id, status: "cancelled" }]);
  });

  test("stops calling the object about an attempt that made no order", async () => {
    const skuId = await onSale({ stock: 1 });
    await bought(await aBuyer(), skuId);
    const buyer = await aBuyer();
    expect((await order(buyer, skuId)).code).toBe("sold_out");
    const reads = countLedgerReads();
    await listOf(buyer);
    expect(reads.count).toBe(1);

    const [mark] = await redis<string[]>("ZRANGE", KEYS.underWayOf(buyer.id), 0, -1);
    await redis("ZADD", KEYS.underWayOf(buyer.id), Date.now() - 31_000, mark as string);
    await listOf(buyer);
    await until("the mark is removed", async () => {
      return (await redis("EXISTS", KEYS.underWayOf(buyer.id))) === 0;
    });
    const before = reads.count;
    await listOf(buyer);
    expect(reads.count).toBe(before);
  });

  test("limits how many object calls one account can cause", async () => {
    captureQueue();
    const buyer = await aBuyer();
    for (const skuId of await givenSkus(10)) await bought(buyer, skuId);
    givenClock(Date.now()); // frozen, so that all lists count in one window
    const reads = countLedgerReads();
    for (let i = 0; i < 40; i += 1) await listOf(buyer);
    expect(reads.count).toBe(300);
    expect(await listOf(buyer)).toMatchObject({ incomplete: true });
  });
});

describe("the pages of the list", () => {
  test("contain every order once, newest first", async () => {
    const buyer = await aBuyer();
    const skuIds = await givenSkus(61);
    const ids: string[] = [];
    for (const [i, skuId] of skuIds.entries()) {
      ids.push((await bought(buyer, skuId)).id);
      if (i % 2 === 0) ids.push((await bought(buyer, skuId)).id);
    }
    for (const skuId of skuIds) await settled(skuId);

    const all = await allOf(buyer);

    expect(all.map(({ id }) => id).sort()).toEqual(ids.sort());
    const times = all.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  test("link to the next page", async () => {
    const buyer = await aBuyer();
    const skuIds = await givenSkus(51);
    for (const skuId of skuIds) await bought(buyer, skuId);
    for (const skuId of skuIds) await settled(skuId);
    const getHtml = async (path: string) =>
      (await call<string>("GET", path, { token: buyer.token, headers: { accept: "text/html" } }))
        .body;

    const first = await getHtml("/orders");
    const [, next = ""] = first.match(/href="(\/orders\?cursor=[^"]+)"/) ?? [];
    expect(first.match(/order-line/g)).toHaveLength(50);
    const second = await getHtml(next.replaceAll("&amp;", "&"));
    expect(second.match(/order-line/g)).toHaveLength(1);
    expect(second).not.toContain("Older orders");
  });

  test.each(["x", "", "bnVsbA==", btoa('["x","y"]'), btoa('["2026-01-01T00:00:00.000Z"]'), "💥"])(
    "reject %j as a cursor",
    async (cursor) => {
      const path = `/api/orders?cursor=${encodeURIComponent(cursor)}`;
      const answer = await call("GET", path, { token: (await aBuyer()).token });
      expect(answer.code).toBe("invalid_request");
    },
  );
});

describe("while Redis is down", () => {
  const page = ({ token }: Buyer) =>
    call<string>("GET", "/orders", { token, headers: { accept: "text/html" } });

  test("a buyer with orders of ended and deleted sales sees an incomplete list, not an empty one", async () => {
    const buyer = await aBuyer();
    const [ended, deleted] = [aSale(), aSale()];
    for (const sale of [ended, deleted]) {
      await putSale(sale);
      const skuId = sale.skus[0]?.id as string;
      await bought(buyer, skuId);
      await settled(skuId);
    }
    await admin("DELETE", `/sales/${deleted.id}`);
    const hours = (ago: number) => new Date(Date.now() - ago * 3_600_000).toISOString();
    await putSale({ ...ended, opensAt: hours(4), closesAt: hours(2) });
    await redisIsDown();

    expect(await listOf(buyer)).toMatchObject({ incomplete: true });
    const { status, body } = await page(buyer);
    expect(status).toBe(200);
    expect(body).not.toContain("no orders yet");
    expect(body).toContain("be shown right now. None are lost");
  });

  test("orders of current sales are read from a limited number of ledgers, at a limited rate", async () => {
    captureQueue();
    const buyer = await aBuyer();
    const skuIds = await givenSkus(30);
    const { id } = await bought(buyer, skuIds[0] as string);
    await redisIsDown();
    givenClock(Date.now()); // frozen, so that all lists count in one window
    const reads = countLedgerReads();

    expect(await listOf(buyer)).toMatchObject({ orders: [{ id }], incomplete: true });
    expect(reads.count).toBe(20);
    for (let i = 0; i < 20; i += 1) await listOf(buyer);
    expect(reads.count).toBe(6 * 20);
  });
});

test("an order made while Redis was down is listed as soon as Redis is back", async () => {
  const queue = captureQueue();
  const skuId = await onSale();
  const buyer = await aBuyer();
  await redisIsDown();
  const { id } = await bought(buyer, skuId);
  await redisIsBack();

  expect(await listOf(buyer)).toMatchObject({ orders: [{ id, status: "reserved" }] });
  await deliver(await takeMessages(queue, skuId, 1));
  const reads = countLedgerReads();
  expect(await listOf(buyer)).toMatchObject({ orders: [{ id, status: "confirmed" }] });
  expect(reads.count).toBe(0);
});

describe("after Redis is emptied", () => {
  test("the list is incomplete until all ledgers are copied, including those that left the catalog", async () => {
    const buyer = await aBuyer();
    const sale = aSale({ skus: [aSku(), aSku()] });
    await putSale(sale);
    const [removed, dropped] = [aSale(), aSale({ skus: [aSku(), aSku()] })];
    for (const other of [removed, dropped]) await putSale(other);
    const skuIds = [sale, removed, dropped].map(({ skus }) => skus[0]?.id as string);
    const ids: string[] = [];
    for (const skuId of skuIds) {
      ids.push((await bought(buyer, skuId)).id);
      await settled(skuId);
    }
    await admin("DELETE", `/sales/${removed.id}`);
    await putSale({ ...dropped, skus: dropped.skus.slice(1) });
    await emptyRedis();

    expect((await listOf(buyer)).incomplete).toBe(true);
    for (const id of ids) {
      expect((await showOrder(buyer, id)).body).toMatchObject({ id, status: "confirmed" });
    }
    await runReconciliation();

    const list = await listOf(buyer);
    expect(list.incomplete).toBeUndefined();
    expect(idsOf(list).sort()).toEqual(ids.sort());
  });

  test("a copy that is lost when Redis is emptied again does not count as done", async () => {
    const buyer = await aBuyer();
    const ids: string[] = [];
    const skuIds = [await onSale(), await onSale()];
    for (const skuId of skuIds) {
      ids.push((await bought(buyer, skuId)).id);
      await settled(skuId);
    }
    const inRedis = () => redis<string[]>("HKEYS", KEYS.ordersOf(buyer.id));
    await emptyRedis();
    // Both ledgers are copied concurrently, and Redis is emptied before the run records that.
    const send = globalThis.fetch;
    let isEmptied = false;
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const isNote = [KEYS.rebuilt, ...skuIds].every((text) => String(init?.body).includes(text));
      if (isNote && !isEmptied) {
        isEmptied = true;
        await emptyRedis();
      }
      return send(input, init);
    });
    onTestFinished(() => spy.mockRestore());
    const sampling = vi.spyOn(SkuInventory.prototype, "sample").mockReturnValue([]);
    onTestFinished(() => sampling.mockRestore());

    await runReconciliation();
    expect([isEmptied, await inRedis()]).toEqual([true, []]);
    expect((await listOf(buyer)).incomplete).toBe(true);

    await runReconciliation();
    expect((await inRedis()).sort()).toEqual(ids.toSorted());
    expect(await listOf(buyer)).not.toHaveProperty("incomplete");
  });

  test("a ledger that does not answer does not block the others, and a later run copies it", async () => {
    const buyer = await aBuyer();
    const ids: string[] = [];
    for (const skuId of [await onSale(), await onSale()]) {
      ids.push((await bought(buyer, skuId)).id);
      await settled(skuId);
    }
    const inRedis = () => redis<string[]>("HKEYS", KEYS.ordersOf(buyer.id));
    await emptyRedis();
    const { page } = SkuInventory.prototype;
    const spy = vi.spyOn(SkuInventory.prototype, "page").mockImplementation(async function (
      this: SkuInventory,
      after,
    ) {
      const found = await page.call(this, after);
      if (found.orders.some(({ order }) => order.id === ids[0]))
        throw new Error("the object was moved");
      return found;
    });
    onTestFinished(() => spy.mockRestore());
    const sampling = vi.spyOn(SkuInventory.prototype, "sample").mockReturnValue([]);
    onTestFinished(() => sampling.mockRestore());

    await runReconciliation();
    expect(await inRedis()).toEqual([ids[1]]);
    expect((await listOf(buyer)).incomplete).toBe(true);

    spy.mockRestore();
    await runReconciliation();
    expect((await inRedis()).sort()).toEqual(ids.toSorted());
    expect(await listOf(buyer)).not.toHaveProperty("incomplete");
  });

  test("a reconciliation copies nothing once all ledgers are copied", async () => {
    await onSale();
    await runReconciliation();
    const spy = vi.spyOn(SkuInventory.prototype, "page");
    onTestFinished(() => spy.mockRestore());
    await runReconciliation();
    expect(spy).not.toHaveBeenCalled();
  });
});

describe("an order remains readable, payable and cancellable", () => {
  const drops: [string, (sale: ReturnType<typeof aSale>) => Promise<unknown>][] = [
    ["its sale was deleted", (sale) => admin("DELETE", `/sales/${sale.id}`)],
    ["its SKU left the sale", (sale) => putSale({ ...sale, skus: sale.skus.slice(1) })],
  ];

  test.each(drops)("after %s", async (_, drop) => {
    captureQueue();
    const sale = await putSale(aSale({ skus: [aSku({ price: 100 }), aSku()] }));
    const skuId = sale.skus[0]?.id as string;
    const [payer, canceller] = [await aBuyer(), await aBuyer()];
    const [paid, unwanted] = [await bought(payer, skuId), await bought(canceller, skuId)];

    await drop(sale);

    expect((await showOrder(payer, paid.id)).status).toBe(200);
    expect(idsOf(await listOf(payer))).toEqual([paid.id]);
    const payment = { token: payer.token, body: { paymentToken: "tok_ok" } };
    expect((await call("POST", `/api/orders/${paid.id}/payment`, payment)).status).toBe(202);
    const cancelled = await call("DELETE", `/api/orders/${unwanted.id}`, {
      token: canceller.token,
    });
    expect([cancelled.status, cancelled.body.status]).toEqual([200, "cancelled"]);
    const unknown = `${unique("never")}.0.${"a".repeat(20)}`;
    expect((await showOrder(payer, unknown)).status).toBe(404);
  });
});

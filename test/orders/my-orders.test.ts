// One's own orders: complete and page by page, one's own writes at once, and no object asked for nothing.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { protectionSchema } from "../../src/catalog/protection.ts";
import worker from "../../src/index.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { admin, call } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost, redisIsBack, redisIsDown } from "../support/redis.ts";
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
} from "../support/shop.ts";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  await minutePasses();
});

const minutePasses = () => worker.scheduled(createScheduledController(), env);

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

/** How often objects were asked for somebody's orders. */
function countedLooks(): { readonly count: number } {
  const spy = vi.spyOn(SkuInventory.prototype, "ordersOf");
  onTestFinished(() => spy.mockRestore());
  return {
    get count() {
      return spy.mock.calls.length;
    },
  };
}

/** Given so many open SKUs. */
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

describe("a list", () => {
  test("of somebody who never bought asks no object, and costs one round trip", async () => {
    await givenSkus(55);
    const buyer = await aBuyer();
    const looks = countedLooks();
    await listOf(buyer);
    const { result, roundTrips } = await redisCost(() => listOf(buyer));
    expect(result).toEqual({ orders: [] });
    expect([looks.count, roundTrips]).toEqual([0, 1]);
  });

  test("of somebody whose orders are settled asks no object", async () => {
    const buyer = await aBuyer();
    const skuId = await onSale();
    const { id } = await bought(buyer, skuId);
    await settled(skuId);
    const looks = countedLooks();
    expect(idsOf(await listOf(buyer))).toEqual([id]);
    expect(looks.count).toBe(0);
  });

  test("has an order right after its 202, whatever else sells", async () => {
    captureQueue();
    const skuIds = await givenSkus(60);
    const buyer = await aBuyer();
    for (const skuId of [skuIds[0], skuIds[30], skuIds[59]] as string[]) {
      const { id } = await bought(buyer, skuId);
      expect(idsOf(await listOf(buyer))).toContain(id);
    }
    const looks = countedLooks();
    expect((await listOf(buyer)).orders).toHaveLength(3);
    expect(looks.count).toBe(3);
  });

  test("has both of two orders of one SKU when only the second is written", async () => {
    const queue = captureQueue();
    const skuId = await onSale({ perUserLimit: 2 });
    const buyer = await aBuyer();
    const first = await bought(buyer, skuId);
    const second = await bought(buyer, skuId);
    const messages = await takeMessages(queue, skuId, 2);
    await deliver(messages.filter(({ orderId }) => orderId === second.id));
    expect(idsOf(await listOf(buyer)).sort()).toEqual([first.id, second.id].sort());
  });

  test("shows what its owner just changed", async () => {
    captureQueue();
    const skuId = await onSale({ price: 100 });
    const buyer = await aBuyer();
    const { id } = await bought(buyer, skuId);
    await call("DELETE", `/api/orders/${id}`, { token: buyer.token });
    expect((await listOf(buyer)).orders).toMatchObject([{ id, status: "cancelled" }]);
  });

  test("stops asking for an attempt that made no order", async () => {
    const skuId = await onSale({ stock: 1 });
    await bought(await aBuyer(), skuId);
    const buyer = await aBuyer();
    expect((await order(buyer, skuId)).code).toBe("sold_out");
    const looks = countedLooks();
    await listOf(buyer);
    expect(looks.count).toBe(1);

    const [mark] = await redis<string[]>("ZRANGE", KEYS.underWayOf(buyer.id), 0, -1);
    await redis("ZADD", KEYS.underWayOf(buyer.id), Date.now() - 31_000, mark as string);
    await listOf(buyer);
    await vi.waitUntil(async () => (await redis("EXISTS", KEYS.underWayOf(buyer.id))) === 0);
    const before = looks.count;
    await listOf(buyer);
    expect(looks.count).toBe(before);
  });

  test("makes objects work for one account only so often", async () => {
    captureQueue();
    const buyer = await aBuyer();
    for (const skuId of await givenSkus(10)) await bought(buyer, skuId);
    const looks = countedLooks();
    for (let i = 0; i < 40; i += 1) await listOf(buyer);
    expect(looks.count).toBe(300);
    expect(await listOf(buyer)).toMatchObject({ incomplete: true });
  });
});

describe("pages", () => {
  test("hold all orders once, the newest first", async () => {
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

  test("are linked from one to the next", async () => {
    const buyer = await aBuyer();
    const skuIds = await givenSkus(51);
    for (const skuId of skuIds) await bought(buyer, skuId);
    for (const skuId of skuIds) await settled(skuId);
    const look = async (path: string) =>
      (await call<string>("GET", path, { token: buyer.token, headers: { accept: "text/html" } }))
        .body;

    const first = await look("/orders");
    const [, next = ""] = first.match(/href="(\/orders\?cursor=[^"]+)"/) ?? [];
    expect(first.match(/order-line/g)).toHaveLength(50);
    const second = await look(next.replaceAll("&amp;", "&"));
    expect(second.match(/order-line/g)).toHaveLength(1);
    expect(second).not.toContain("cursor=");
  });

  test.each(["x", "", "bnVsbA==", btoa('["x","y"]'), btoa('["2026-01-01T00:00:00.000Z"]'), "💥"])(
    "%j is no cursor",
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

  test("nobody is told that they have no orders: not of a sale that is over, nor of one that is gone", async () => {
    const buyer = await aBuyer();
    const [over, gone] = [aSale(), aSale()];
    for (const sale of [over, gone]) {
      await putSale(sale);
      const skuId = sale.skus[0]?.id as string;
      await bought(buyer, skuId);
      await settled(skuId);
    }
    await admin("DELETE", `/sales/${gone.id}`);
    const hours = (ago: number) => new Date(Date.now() - ago * 3_600_000).toISOString();
    await putSale({ ...over, opensAt: hours(4), closesAt: hours(2) });
    await redisIsDown();

    expect(await listOf(buyer)).toMatchObject({ incomplete: true });
    const { status, body } = await page(buyer);
    expect(status).toBe(200);
    expect(body).not.toContain("no orders yet");
    expect(body).toContain("be shown right now. None are lost");
  });

  test("what sells now is shown, of a bounded number of ledgers, only so often", async () => {
    captureQueue();
    const buyer = await aBuyer();
    const skuIds = await givenSkus(30);
    const { id } = await bought(buyer, skuIds[0] as string);
    await redisIsDown();
    const looks = countedLooks();

    expect(await listOf(buyer)).toMatchObject({ orders: [{ id }], incomplete: true });
    expect(looks.count).toBe(20);
    for (let i = 0; i < 20; i += 1) await listOf(buyer);
    expect(looks.count).toBe(6 * 20);
  });
});

test("an order made while Redis was down is listed as soon as it is back", async () => {
  const queue = captureQueue();
  const skuId = await onSale();
  const buyer = await aBuyer();
  await redisIsDown();
  const { id } = await bought(buyer, skuId);
  await redisIsBack();

  expect(await listOf(buyer)).toMatchObject({ orders: [{ id, status: "reserved" }] });
  await deliver(await takeMessages(queue, skuId, 1));
  const looks = countedLooks();
  expect(await listOf(buyer)).toMatchObject({ orders: [{ id, status: "confirmed" }] });
  expect(looks.count).toBe(0);
});

describe("after Redis was emptied", () => {
  test("a list is incomplete until all ledgers are copied again, also of what left the catalog", async () => {
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
    await minutePasses();

    const list = await listOf(buyer);
    expect(list.incomplete).toBeUndefined();
    expect(idsOf(list).sort()).toEqual(ids.sort());
  });

  test("what is lost once more while it is copied does not count as copied", async () => {
    const buyer = await aBuyer();
    const ids: string[] = [];
    const skuIds = [await onSale(), await onSale()];
    for (const skuId of skuIds) {
      ids.push((await bought(buyer, skuId)).id);
      await settled(skuId);
    }
    const inRedis = () => redis<string[]>("HKEYS", KEYS.ordersOf(buyer.id));
    await emptyRedis();
    // Both ledgers are copied at the same time, and Redis is emptied before that is noted.
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

    await minutePasses();
    expect([isEmptied, await inRedis()]).toEqual([true, []]);
    expect((await listOf(buyer)).incomplete).toBe(true);

    await minutePasses();
    expect((await inRedis()).sort()).toEqual(ids.toSorted());
    expect(await listOf(buyer)).not.toHaveProperty("incomplete");
  });

  test("a ledger that does not answer keeps no other from being copied, and is copied by a later run", async () => {
    const buyer = await aBuyer();
    const ids: string[] = [];
    for (const skuId of [await onSale(), await onSale()]) {
      ids.push((await bought(buyer, skuId)).id);
      await settled(skuId);
    }
    const inRedis = () => redis<string[]>("HKEYS", KEYS.ordersOf(buyer.id));
    await emptyRedis();
    const { page } = SkuInventory.prototype;
    const spy = vi.spyOn(SkuInventory.prototype, "page").mockImplementation(function (
      this: SkuInventory,
      after,
    ) {
      const found = page.call(this, after);
      if (found.orders.some(({ order }) => order.id === ids[0])) throw new Error("it is moved");
      return found;
    });
    onTestFinished(() => spy.mockRestore());
    const sampling = vi.spyOn(SkuInventory.prototype, "sample").mockReturnValue([]);
    onTestFinished(() => sampling.mockRestore());

    await minutePasses();
    expect(await inRedis()).toEqual([ids[1]]);
    expect((await listOf(buyer)).incomplete).toBe(true);

    spy.mockRestore();
    await minutePasses();
    expect((await inRedis()).sort()).toEqual(ids.toSorted());
    expect(await listOf(buyer)).not.toHaveProperty("incomplete");
  });

  test("once all is copied, a minute costs no further copying", async () => {
    await onSale();
    await minutePasses();
    const spy = vi.spyOn(SkuInventory.prototype, "page");
    onTestFinished(() => spy.mockRestore());
    await minutePasses();
    expect(spy).not.toHaveBeenCalled();
  });
});

describe("an order outlives its SKU in the catalog:", () => {
  const drops: [string, (sale: ReturnType<typeof aSale>) => Promise<unknown>][] = [
    ["its sale was deleted", (sale) => admin("DELETE", `/sales/${sale.id}`)],
    ["its SKU left the sale", (sale) => putSale({ ...sale, skus: sale.skus.slice(1) })],
  ];

  test.each(drops)("%s, and it is shown, paid and given back", async (_, drop) => {
    captureQueue();
    const sale = await putSale(aSale({ skus: [aSku({ price: 100 }), aSku()] }));
    const skuId = sale.skus[0]?.id as string;
    const [payer, giver] = [await aBuyer(), await aBuyer()];
    const [paid, given] = [await bought(payer, skuId), await bought(giver, skuId)];

    await drop(sale);

    expect((await showOrder(payer, paid.id)).status).toBe(200);
    expect(idsOf(await listOf(payer))).toEqual([paid.id]);
    const payment = { token: payer.token, body: { paymentToken: "tok_ok" } };
    expect((await call("POST", `/api/orders/${paid.id}/payment`, payment)).status).toBe(202);
    const cancelled = await call("DELETE", `/api/orders/${given.id}`, { token: giver.token });
    expect([cancelled.status, cancelled.body.status]).toEqual([200, "cancelled"]);
    const unknown = `${unique("never")}.0.${"a".repeat(20)}`;
    expect((await showOrder(payer, unknown)).status).toBe(404);
  });
});

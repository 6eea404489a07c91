// The report of a sale: it recounts the ledgers order by order, and says so when something does not hold.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Check, SignedReport } from "../../../src/admin/report/document.ts";
import { allowanceName } from "../../../src/inventory/allowance/client.ts";
import { SkuInventory } from "../../../src/inventory/sku-inventory.ts";
import {
  aReservation,
  inside,
  inventory,
  putToSleep,
  sendsNothing,
} from "../../inventory/object.ts";
import { CHAIN, drandIs, OPENING, open, register, tickFor } from "../../line/object.ts";
import { deliverTo, givenOrder, givenPaid, PRICE } from "../../orders/saga-fixtures.ts";
import { gateway } from "../../payments/stripe-fixtures.ts";
import { deliverNext, requestRefund } from "../../payments/stripe-orders.ts";
import { givenClock } from "../../support/clock.ts";
import { admin, call, contractFaults, VIEWER_TOKEN } from "../../support/http.ts";
import { metrics } from "../../support/metrics.ts";
import { captureQueue } from "../../support/queue.ts";
import { emptyRedis } from "../../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  order,
  putSale,
  settled,
  suppressLiveStock,
  until,
} from "../../support/shop.ts";

beforeAll(emptyRedis);

const audit = (saleId: string) => admin<SignedReport>("GET", `/sales/${saleId}/audit`);
const reportOn = async (saleId: string) => {
  const answer = await audit(saleId);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body.report;
};
/** The checks of a report, by name. */
const holdsIn = ({ checks }: { checks: Check[] }) =>
  Object.fromEntries(checks.map(({ name, holds }) => [name, holds]));

/** A sale of one SKU. */
async function givenSale(sku: Parameters<typeof aSku>[0] = {}, sale = {}) {
  const item = aSku(sku);
  const { id } = await putSale(aSale({ ...sale, skus: [item] }));
  return { saleId: id, skuId: item.id };
}

/** Copies the first order of a ledger behind its back, with these columns changed. */
const forge = (skuId: string, columns: Record<string, string>) =>
  inside(skuId, (_, { storage: { sql } }) => {
    const names = sql.exec("SELECT * FROM orders LIMIT 1").columnNames;
    // Without `edits`, as by an older release: the object counts all orders when it wakes.
    const made: Record<string, string> = { edits: "NULL", ...columns };
    const values = names.map((name) => made[name] ?? name);
    sql.exec(`INSERT INTO orders SELECT ${values.join(", ")} FROM orders LIMIT 1`);
  });

describe("a sale in which everything went right", () => {
  test("is proven, with what was sold of each item and when", async () => {
    const [shoe, sock] = [aSku({ stock: 5, perUserLimit: 2, name: "Shoe" }), aSku({ stock: 3 })];
    const sale = await putSale(aSale({ skus: [shoe, sock] }));
    await bought(await aBuyer(), shoe.id, { quantity: 2 });
    await bought(await aBuyer(), sock.id);
    await settled(shoe.id);
    await settled(sock.id);

    const report = await reportOn(sale.id);
    expect(holdsIn(report)).toEqual({ stock: true, limits: true, money: true });
    expect(report).toMatchObject({
      version: 1,
      sale: { id: sale.id, state: "open" },
      skus: [
        {
          name: "Shoe",
          ledger: { stocked: 5, available: 3, held: 0, sold: 2, withdrawn: 0 },
          counted: { sold: 2, people: 1, mostPerPerson: 2, orders: { confirmed: 1 } },
        },
        { ledger: { sold: 1 }, counted: { sold: 1, people: 1 } },
      ],
    });
    expect(report.sold.units.reduce((sum, units) => sum + units, 0)).toBe(3);
  });

  test("shows the refusals of its time", async () => {
    const { saleId, skuId } = await givenSale({ stock: 1 });
    const buyer = await aBuyer();
    await bought(buyer, skuId);
    await order(buyer, skuId);
    await metrics();
    const { traffic } = await reportOn(saleId);
    expect(traffic).toMatchObject({ accepted: 1, missingShards: 0, isCut: false });
    expect(traffic?.refusals).toMatchObject([{ reason: "user_limit_reached", count: 1 }]);
    expect(traffic?.latency.find(({ name }) => name === "reserve")).toMatchObject({ of: "calls" });
    expect(traffic?.cost.items.find(({ name }) => name === "requests")?.count).toBeGreaterThan(1);
  });

  test("counts an item that has left the sale since", async () => {
    const [shoe, sock] = [aSku(), aSku({ unitPrice: { amount: 0, currency: "USD" } })];
    const sale = await putSale(aSale({ skus: [shoe, sock] }));
    await bought(await aBuyer(), sock.id);
    await settled(sock.id);
    await putSale({ ...sale, skus: [shoe] });
    const report = await reportOn(sale.id);
    expect(report.skus.map(({ id }) => id)).toEqual([shoe.id]);
    expect(report.formerSkus).toMatchObject([
      { id: sock.id, ledger: { sold: 1 }, counted: { sold: 1, people: 1 } },
    ]);
    expect(report.sold.units.reduce((sum, units) => sum + units, 0)).toBe(1);
    expect(holdsIn(report)).toEqual({ stock: true, limits: true, money: true });
  });

  test("names nobody", async () => {
    const { saleId, skuId } = await givenSale();
    const buyer = await aBuyer();
    await bought(buyer, skuId);
    expect(JSON.stringify((await audit(saleId)).body.report)).not.toContain(buyer.id);
  });
});

describe("money", () => {
  test("equals the orders after a charge and after a refund, and is unknown in between", async () => {
    const sale = await givenPaid({ stock: 5 });
    const purchase = await givenOrder(sale, { paymentToken: "pm_card_visa" });
    const { saleId } = purchase.order;
    await deliverTo(gateway(), [purchase.message]);
    expect(await reportOn(saleId)).toMatchObject({
      money: { totals: [{ currency: "USD", charged: PRICE, refunded: 0, sold: PRICE }], open: 0 },
    });
    expect(holdsIn(await reportOn(saleId))).toMatchObject({ money: true });

    await requestRefund(purchase);
    expect(holdsIn(await reportOn(saleId))).toMatchObject({ money: "unknown" });
    await deliverNext(purchase);
    const after = await reportOn(saleId);
    expect(holdsIn(after)).toMatchObject({ stock: true, money: true });
    expect(after.money.totals).toMatchObject([{ charged: PRICE, refunded: PRICE, sold: 0 }]);
  });

  test("is named if it was kept of a cancelled order", async () => {
    const sale = await givenPaid();
    const purchase = await givenOrder(sale, { paymentToken: "pm_card_visa" });
    await deliverTo(gateway(), [purchase.message]);
    await inside(sale.skuId, (_, { storage }) => {
      storage.sql.exec("UPDATE orders SET status = 'cancelled'");
    });
    const report = await reportOn(purchase.order.saleId);
    expect(holdsIn(report)).toMatchObject({ money: false });
    expect(report.money.faults).toEqual([
      { orderId: purchase.order.id, fault: "is cancelled, but its money was kept" },
    ]);
  });
});

describe("a ledger that is wrong", () => {
  test("is found oversold", async () => {
    suppressLiveStock();
    const { saleId, skuId } = await givenSale({ stock: 1 });
    await bought(await aBuyer(), skuId);
    await settled(skuId);
    await forge(skuId, { user_id: "'ghost'", order_id: "'ghost'" });
    await putToSleep(skuId);
    const report = await reportOn(saleId);
    expect(report.skus[0]?.ledger).toMatchObject({ stocked: 1, sold: 2, available: -1 });
    expect(holdsIn(report)).toMatchObject({ stock: false, limits: true });
  });

  test("is found to count other units than its orders have", async () => {
    const { saleId, skuId } = await givenSale({ stock: 5 });
    await bought(await aBuyer(), skuId);
    await settled(skuId);
    await forge(skuId, { user_id: "'ghost'", order_id: "'ghost'" });
    expect(holdsIn(await reportOn(saleId))).toMatchObject({ stock: false });
  });

  test("is found to have given one person too much", async () => {
    suppressLiveStock();
    const { saleId, skuId } = await givenSale({ stock: 5 });
    await bought(await aBuyer(), skuId);
    await settled(skuId);
    await forge(skuId, { order_id: "'second'" });
    await putToSleep(skuId);
    const report = await reportOn(saleId);
    expect(holdsIn(report)).toMatchObject({ stock: true, limits: false });
    expect(report.skus[0]?.counted).toMatchObject({ people: 1, mostPerPerson: 2, overLimit: 1 });
  });

  test("is found to have given one person more of the whole sale than its limit", async () => {
    suppressLiveStock();
    const [m, l] = [aSku(), aSku()];
    const sale = await putSale(aSale({ skus: [m, l], perUserLimit: 2 }));
    const buyer = await aBuyer();
    await bought(buyer, m.id);
    await bought(buyer, l.id);
    await settled(m.id);
    await settled(l.id);
    const counted = await until("both orders count", async () => {
      const report = await reportOn(sale.id);
      return holdsIn(report).limits === true ? report : undefined;
    });
    expect(counted.saleLimit).toEqual({ limit: 2, mostPerPerson: 2, overLimit: 0, miscounted: 0 });

    const allowance = env.SALE_ALLOWANCE.getByName(allowanceName(sale.id, buyer.id));
    await runInDurableObject(allowance as DurableObjectStub, (_, { storage }) => {
      storage.sql.exec("DELETE FROM shares WHERE sku_id = ?", m.id);
    });
    const lost = await reportOn(sale.id);
    expect(holdsIn(lost)).toMatchObject({ limits: false });
    expect(lost.saleLimit).toMatchObject({ overLimit: 0, miscounted: 1 });

    await putSale({ ...sale, perUserLimit: 1 });
    const over = await reportOn(sale.id);
    expect(holdsIn(over)).toMatchObject({ limits: false });
    expect(over.saleLimit).toMatchObject({ limit: 1, mostPerPerson: 2, overLimit: 1 });
  });

  test("leaves everything unknown when it does not answer", async () => {
    const { saleId } = await givenSale();
    const spy = vi.spyOn(SkuInventory.prototype, "audit").mockImplementation(() => {
      throw new Error("the object is down");
    });
    const report = await reportOn(saleId).finally(() => spy.mockRestore());
    expect(holdsIn(report)).toEqual({ stock: "unknown", limits: "unknown", money: "unknown" });
    expect(report.skus[0]).toMatchObject({ ledger: null, counted: null });
  });
});

test("reads a large ledger page by page, each order once", async () => {
  captureQueue();
  const { saleId, skuId } = await givenSale({ stock: 5_000 });
  await sendsNothing(skuId);
  await inventory(skuId).reserve(aReservation(skuId));
  await inside(skuId, (_, { storage: { sql } }) => {
    const names = sql.exec("SELECT * FROM orders LIMIT 1").columnNames;
    const of: Record<string, string> = { user_id: "'user-' || n", order_id: "'order-' || n" };
    const values = names.map((name) => of[name] ?? name).join(", ");
    sql.exec(
      `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 2499)
       INSERT INTO orders SELECT ${values} FROM counter, (SELECT * FROM orders LIMIT 1)`,
    );
  });
  const spy = vi.spyOn(SkuInventory.prototype, "audit");
  const report = await reportOn(saleId);
  expect(spy).toHaveBeenCalledTimes(3);
  spy.mockRestore();
  expect(report.skus[0]?.counted).toMatchObject({ held: 2_500, people: 2_500, mostPerPerson: 1 });
});

test("recomputes the draw of a sale with a line", async () => {
  const clock = givenClock(OPENING - 1_800_000);
  await drandIs("eager");
  const iso = (time: number) => new Date(time).toISOString();
  const { saleId } = await givenSale(
    {},
    {
      opensAt: iso(OPENING),
      closesAt: iso(OPENING + 3_600_000),
      admission: {
        mode: "draw",
        ratePerSecond: 10,
        registrationOpensAt: iso(OPENING - 3_600_000),
      },
    },
  );
  expect(holdsIn(await reportOn(saleId))).toMatchObject({ draw: "unknown" });
  await register(saleId, 100);
  await open(saleId, clock);
  await tickFor(saleId, clock, 3);
  const report = await reportOn(saleId);
  expect(holdsIn(report)).toMatchObject({ draw: true });
  expect(report.draw?.find(({ name }) => name === "beacon")?.detail).toContain(CHAIN.hash);
});

test("says that the counts of a sale are gone after a month", async () => {
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  const { saleId } = await givenSale({}, { opensAt: at(41), closesAt: at(40) });
  expect((await reportOn(saleId)).traffic).toBeNull();
  const running = await givenSale({}, { opensAt: at(41), closesAt: at(1) });
  expect((await reportOn(running.saleId)).traffic).toMatchObject({ isCut: true });
});

test.each(["unknown", "UPPER", "x".repeat(65), "%00", "..%2F..", "__proto__", "' OR 1=1"])(
  "knows no sale %s",
  async (saleId) => {
    for (const path of [`/sales/${saleId}/audit`, `/sales/${saleId}/audit.csv`]) {
      const answer = await admin("GET", path);
      expect(answer).toMatchObject({ status: 404, code: "not_found" });
      expect(contractFaults(answer)).toEqual([]);
    }
  },
);

test("is for operators and viewers only", async () => {
  const { saleId } = await givenSale();
  const path = `/api/admin/sales/${saleId}/audit`;
  expect(await call("GET", path)).toMatchObject({ status: 401 });
  expect(await call("GET", path, { token: VIEWER_TOKEN })).toMatchObject({ status: 200 });
});

test("is a table for spreadsheets too, which runs no formula", async () => {
  const { saleId, skuId } = await givenSale({ name: "=HYPERLINK(0)" });
  const { status, headers, body } = await admin<string>("GET", `/sales/${saleId}/audit.csv`);
  expect(status).toBe(200);
  expect(headers.get("content-disposition")).toBe(`attachment; filename="report-${saleId}.csv"`);
  const lines = String(body).split("\r\n");
  expect(lines[0]).toBe("part,item,figure,value");
  expect(lines).toContain(`skus,${skuId},name,'=HYPERLINK(0)`);
  expect(lines).toContain(`skus,${skuId},ledger.stocked,10`);
  expect(lines).toContain("checks,stock,holds,true");
});

// What the limit of a sale per person costs, and how long its rows stay.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { SaleAllowance } from "../../../src/inventory/allowance/sale-allowance.ts";
import { ShareTable } from "../../../src/inventory/allowance/tables.ts";
import { givenClock } from "../../support/clock.ts";
import { captureQueue } from "../../support/queue.ts";
import { unique, until } from "../../support/shop.ts";
import { ddlOf } from "../../support/tables.ts";
import { START } from "../commands.ts";
import { aReservation, inventory } from "../object.ts";
import { allowanceStub, attempt, givenSizes, type LimitedSale, taken } from "./scene.ts";

const DAY_MS = 86_400_000;

beforeEach(() => void captureQueue());

const sharesOf = (sale: LimitedSale, userId: string) =>
  runInDurableObject(
    allowanceStub(sale, userId) as DurableObjectStub,
    (_, { storage }) => storage.sql.exec("SELECT * FROM shares").toArray().length,
  );

test("an order costs one call on its way, one report at most, and two rows", async () => {
  givenClock(START);
  const save = vi.spyOn(ShareTable.prototype, "save");
  const lease = vi.spyOn(SaleAllowance.prototype, "lease");
  const settle = vi.spyOn(SaleAllowance.prototype, "settle");
  const sale = await givenSizes({ limit: 40, sizes: 1, stock: 100 });
  const [skuId] = sale.skuIds as [string];
  const before = (await inventory(skuId).report())?.activity.rowsWritten ?? 0;
  const userId = unique("user");
  const orders = await Promise.all(
    Array.from({ length: 40 }, (_, n) => taken(sale, skuId, userId, { askedAt: START + n })),
  );
  await until("all are counted", () => save.mock.calls.length >= 80);
  expect(lease).toHaveBeenCalledTimes(40);
  expect(save).toHaveBeenCalledTimes(80);
  expect(settle.mock.calls.length).toBeLessThanOrEqual(40);

  using claim = await inventory(skuId).claim(orders);
  await claim.session.acknowledge(
    claim.claims.map((one) => ({ ...one, version: one.order.version })),
  );
  const after = (await inventory(skuId).report())?.activity.rowsWritten ?? 0;
  expect(after - before).toBeLessThanOrEqual(4 * 40);
  vi.restoreAllMocks();
});

test("a refusal and a repeated order write no row", async () => {
  givenClock(START);
  const sale = await givenSizes();
  const [m, l] = sale.skuIds as [string, string];
  const userId = unique("user");
  const reservation = aReservation(m, { userId });
  await taken(sale, m, userId, reservation);
  await attempt(sale, l, userId);
  const save = vi.spyOn(ShareTable.prototype, "save");
  expect(await attempt(sale, l, userId)).toMatchObject({ reason: "limit_reached" });
  expect(await attempt(sale, m, userId, reservation)).toMatchObject({ ok: true, replayed: true });
  expect(save).not.toHaveBeenCalled();
  save.mockRestore();
});

test("a lease that got no unit leaves no row", async () => {
  givenClock(START);
  const sale = await givenSizes({ stock: 0 });
  const userId = unique("user");
  expect(await attempt(sale, sale.skuIds[0] as string, userId)).toMatchObject({
    reason: "sold_out",
  });
  await until("the lease is gone", async () => (await sharesOf(sale, userId)) === 0);
});

test("the rows go 30 days after the sale closed, and not before", async () => {
  const clock = givenClock(START);
  const sale = await givenSizes();
  const userId = unique("user");
  await taken(sale, sale.skuIds[0] as string, userId);
  const stub = allowanceStub(sale, userId) as DurableObjectStub;
  await runDurableObjectAlarm(stub);
  expect(await sharesOf(sale, userId)).toBe(1);
  clock.moveTo(START + 400 * DAY_MS);
  await runDurableObjectAlarm(stub);
  expect(await sharesOf(sale, userId)).toBe(0);
});

test("the tables of an allowance are exactly these, so that every change needs a migration", async () => {
  const stub = env.SALE_ALLOWANCE.getByName(unique("allowance")) as DurableObjectStub;
  expect(await runInDurableObject(stub, (_, { storage }) => ddlOf(storage.sql))).toEqual({
    schema_version:
      "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
    shares:
      "CREATE TABLE shares ( user_id TEXT NOT NULL, sku_id TEXT NOT NULL, key TEXT NOT NULL, " +
      "quantity INTEGER NOT NULL, leases TEXT NOT NULL, counted TEXT, " +
      "PRIMARY KEY (user_id, sku_id, key) ) WITHOUT ROWID",
    sale: "CREATE TABLE sale (id INTEGER PRIMARY KEY CHECK (id = 1), sale_id TEXT NOT NULL)",
  });
});

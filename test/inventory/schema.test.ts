// Schema versions and migrations: an object that already sold units keeps working with every later release.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import { newOrderId } from "../../src/inventory/order-id.ts";
import { MIGRATIONS } from "../../src/inventory/tables.ts";
import { migrate } from "../../src/migrate.ts";
import { givenClock } from "../support/clock.ts";
import { captureQueue } from "../support/queue.ts";
import { unique } from "../support/shop.ts";
import { ddlOf, versionOf } from "../support/tables.ts";
import { anOffer, ITEM, START } from "./commands.ts";
import { aReservation, givenUnits, inside, inventory, putToSleep, stubOf } from "./object.ts";
import { givenOldLedger } from "./old-ledger.ts";

beforeEach(() => void captureQueue());

const tablesOf = (skuId: string) => inside(skuId, (_, { storage }) => ddlOf(storage.sql));
const schemaVersionOf = (skuId: string) =>
  inside(skuId, (_, { storage }) => versionOf(storage.sql));

describe("the tables of a ledger", () => {
  test("are exactly these, so that every change needs a migration", async () => {
    const skuId = await givenUnits(1);
    expect(await tablesOf(skuId)).toEqual({
      schema_version:
        "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
      setup: "CREATE TABLE setup (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL)",
      restocks:
        "CREATE TABLE restocks (key TEXT PRIMARY KEY, quantity INTEGER NOT NULL) WITHOUT ROWID",
      aliases:
        "CREATE TABLE aliases ( user_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, " +
        "order_id TEXT NOT NULL, PRIMARY KEY (user_id, key) ) WITHOUT ROWID",
      orders:
        "CREATE TABLE orders ( user_id TEXT NOT NULL, order_id TEXT NOT NULL, sale_id TEXT NOT NULL, " +
        "sku_id TEXT NOT NULL, quantity INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, " +
        "status TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, " +
        "version INTEGER NOT NULL, changed_at INTEGER NOT NULL, acknowledged INTEGER NOT NULL, " +
        "payment TEXT, reason TEXT, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL, item TEXT, " +
        "owed_since INTEGER, accepted_until INTEGER, returns TEXT, dispute TEXT, traces TEXT, counted INTEGER, edits INTEGER, " +
        "PRIMARY KEY (user_id, order_id) ) WITHOUT ROWID",
      charges:
        "CREATE TABLE charges ( order_id TEXT NOT NULL, reference TEXT NOT NULL, state TEXT NOT NULL, " +
        "PRIMARY KEY (order_id, reference) ) WITHOUT ROWID",
      mismatches:
        "CREATE TABLE mismatches ( order_id TEXT NOT NULL, reference TEXT NOT NULL, at INTEGER NOT NULL, " +
        "PRIMARY KEY (order_id, reference) ) WITHOUT ROWID",
      refunds_due: "CREATE INDEX refunds_due ON charges (order_id) WHERE state = 'refund_due'",
      tallies:
        "CREATE TABLE tallies ( id INTEGER PRIMARY KEY, orders TEXT NOT NULL, units TEXT NOT NULL, " +
        "buyers INTEGER NOT NULL )",
      sampled:
        "CREATE TABLE sampled (id INTEGER PRIMARY KEY CHECK (id = 1), user_id TEXT NOT NULL, " +
        "order_id TEXT NOT NULL)",
      untallied_order:
        "CREATE TRIGGER untallied_order AFTER INSERT ON orders WHEN NEW.edits IS NULL " +
        "BEGIN DELETE FROM tallies; END",
      untallied_change:
        "CREATE TRIGGER untallied_change AFTER UPDATE ON orders WHEN NEW.edits IS OLD.edits " +
        "BEGIN DELETE FROM tallies; END",
    });
    expect(await schemaVersionOf(skuId)).toBe(MIGRATIONS.length);
  });

  test.each([true, false])(
    "are migrated from an older release (with aliases: %s)",
    async (aliases) => {
      const { skuId } = await givenOldLedger(1, () => [], { aliases });
      expect(await tablesOf(skuId)).toEqual(await tablesOf(await givenUnits(1)));
      expect(await schemaVersionOf(skuId)).toBe(MIGRATIONS.length);
    },
  );
});

describe("a ledger of the first release", () => {
  test("continues to sell, replay keys, take payments and expire holds", async () => {
    const clock = givenClock(START);
    const at = START - 1_000;
    const { skuId, orders } = await givenOldLedger(5, (sku) =>
      ["confirmed", "reserved", "reserved"].map((status) => ({
        userId: unique("user"),
        orderId: newOrderId({ skuId: sku, lane: 0 }),
        key: unique("key"),
        at,
        status: status as "confirmed" | "reserved",
      })),
    );
    const [sold, paying, lapsing] = orders as [
      (typeof orders)[0],
      (typeof orders)[0],
      (typeof orders)[0],
    ];
    expect(await inventory(skuId).report()).toMatchObject({ sold: 1, held: 2, available: 2 });

    const replay = aReservation(skuId, { userId: sold.userId, idempotencyKey: sold.key as string });
    expect(await inventory(skuId).reserve(replay)).toMatchObject({
      ok: true,
      replayed: true,
      order: { id: sold.orderId, total: { amount: 100, currency: "USD" } },
    });
    expect(await inventory(skuId).reserve({ ...replay, fingerprint: "other" })).toMatchObject({
      reason: "idempotency_key_reused",
    });
    expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({ replayed: false });
    expect(await inventory(skuId).pay(paying, "tok")).toMatchObject({ order: { payment: "due" } });
    const money = { outcome: "charged", chargeId: "c" } as const;
    await inventory(skuId).recordPayments([{ ...paying, money, attempt: 1 }]);

    clock.moveTo(at + 10_000);
    await runDurableObjectAlarm(stubOf(skuId));
    expect(await inventory(skuId).find(lapsing)).toMatchObject({ status: "expired" });
    expect(await inventory(skuId).find(paying)).toMatchObject({ status: "confirmed" });
    await putToSleep(skuId);
    expect(await inventory(skuId).report()).toMatchObject({ sold: 2, held: 1, available: 2 });
  });

  test("shows the SKU id as the item until the next sale document supplies one", async () => {
    givenClock(START);
    const { skuId, orders } = await givenOldLedger(5, (sku) => [
      { userId: "ann", orderId: newOrderId({ skuId: sku, lane: 0 }), at: START },
      { userId: "bob", orderId: newOrderId({ skuId: sku, lane: 0 }), at: START },
    ]);
    const [ann, bob] = orders as [(typeof orders)[0], (typeof orders)[0]];
    expect((await inventory(skuId).find(ann))?.item).toEqual({ name: skuId, saleTitle: "sale" });

    // The same revision again, as the reconciliation sends it every minute.
    const offer = anOffer(5, 100);
    await inventory(skuId).configure({ skuId, revision: 1, offer });
    expect((await inventory(skuId).find(ann))?.item).toEqual(ITEM);
    await inventory(skuId).pay(ann, "tok");

    const renamed = { ...offer.terms, item: { ...ITEM, name: "Another" } };
    await inventory(skuId).configure({ skuId, revision: 2, offer: { ...offer, terms: renamed } });
    expect((await inventory(skuId).find(ann))?.item).toEqual(ITEM); // stored when the order was paid
    expect((await inventory(skuId).find(bob))?.item).toMatchObject({ name: "Another" });
    expect(await inventory(skuId).report()).toMatchObject({ stocked: 5, held: 2 });
  });
});

describe("a current schema", () => {
  test("writes no row when the object wakes", async () => {
    const skuId = await givenUnits(1);
    await putToSleep(skuId);
    const { activity } = (await inventory(skuId).report()) ?? {};
    expect(activity?.rowsWritten).toBe(0);
    expect(activity?.rowsRead).toBeLessThan(10);
  });

  test("survives a rollback: an older release leaves unknown columns and the version as they are", async () => {
    givenClock(START);
    const skuId = await givenUnits(1, { price: 100 });
    const order = aReservation(skuId);
    await inventory(skuId).reserve(order);
    await inside(skuId, (_, { storage: { sql } }) => {
      sql.exec("ALTER TABLE orders ADD COLUMN of_tomorrow TEXT");
      sql.exec("UPDATE orders SET of_tomorrow = 'kept'");
      sql.exec("UPDATE schema_version SET version = 1000");
    });
    await putToSleep(skuId);

    expect(await inventory(skuId).cancel(order)).toMatchObject({ order: { status: "cancelled" } });
    const stored = await inside(skuId, (_, { storage }) =>
      storage.sql.exec("SELECT status, of_tomorrow FROM orders").one(),
    );
    expect(stored).toEqual({ status: "cancelled", of_tomorrow: "kept" });
    expect(await schemaVersionOf(skuId)).toBe(1000);
  });
});

test("each migration runs once, and a failed one changes nothing", async () => {
  await inside(await givenUnits(1), (_, { storage }) => {
    const { sql } = storage;
    const known = MIGRATIONS.length;
    const names = () =>
      sql.exec("SELECT name FROM sqlite_master WHERE name GLOB 't[0-9]'").toArray();
    const plans = (...added: string[]) => [...MIGRATIONS, ...added];
    expect(() => migrate(storage, plans("CREATE TABLE t1 (a)", "CREATE TABLE broken ("))).toThrow();
    expect(names()).toEqual([]);
    expect(sql.exec("SELECT version FROM schema_version").one()).toEqual({ version: known });

    migrate(storage, plans("CREATE TABLE t1 (a)"));
    migrate(storage, plans("CREATE TABLE t1 (a)", "CREATE TABLE t2 (a)"));
    migrate(storage, plans("CREATE TABLE t1 (a)", "CREATE TABLE t2 (a)"));
    expect(names()).toEqual([{ name: "t1" }, { name: "t2" }]);
    expect(sql.exec("SELECT version FROM schema_version").one()).toEqual({ version: known + 2 });
  });
});

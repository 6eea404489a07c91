// The schema of the sandbox bank: pinned, and migrated from the first release.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { MIGRATIONS, type SandboxBank } from "../../src/payments/sandbox-bank.ts";
import { unique } from "../support/shop.ts";
import { ddlOf, dropTables, versionOf } from "../support/tables.ts";

const ENTRIES =
  "CREATE TABLE entries ( orderId TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, " +
  "state TEXT NOT NULL, attempts INTEGER NOT NULL, charges INTEGER NOT NULL, refunds INTEGER NOT NULL) " +
  "WITHOUT ROWID";
/** A later migration added a column. */
const NOW = ENTRIES.replace(
  "refunds INTEGER NOT NULL)",
  "refunds INTEGER NOT NULL, method INTEGER)",
);
const SCHEMA = {
  schema_version:
    "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
  entries: NOW,
  refunds:
    "CREATE TABLE refunds ( orderId TEXT NOT NULL, refundId TEXT NOT NULL, amount INTEGER NOT NULL, " +
    "PRIMARY KEY (orderId, refundId) ) WITHOUT ROWID",
};
const amount = { amount: 100, currency: "USD" };

const aBank = () => env.SANDBOX_BANK.getByName(unique("bank"));

const inside = <T>(stub: DurableObjectStub<SandboxBank>, work: (sql: SqlStorage) => T) =>
  runInDurableObject(stub, (_, { storage }) => work(storage.sql));

test("pins the tables of the sandbox bank, which only a migration may change", async () => {
  const bank = aBank();
  expect(await inside(bank, ddlOf)).toEqual(SCHEMA);
  expect(await inside(bank, versionOf)).toBe(MIGRATIONS.length);
});

test("opens a bank of the first release, keeps its charges, and refunds them", async () => {
  const bank = aBank();
  await inside(bank, (sql) => {
    dropTables(sql);
    sql.exec(ENTRIES);
    sql.exec("INSERT INTO entries VALUES ('paid', 100, 'USD', 'charged', 1, 1, 0)");
  });
  await evictDurableObject(bank);

  expect(await inside(bank, ddlOf)).toEqual(SCHEMA);
  expect(await inside(bank, versionOf)).toBe(MIGRATIONS.length);
  const charge = {
    orderId: "paid",
    amount,
    paymentToken: "tok_ok",
    attempt: 1,
    chargeId: null,
    userId: "ann",
    createdAt: "1970-01-01T00:00:00Z",
  };
  expect(await bank.charge(charge)).toEqual({ outcome: "charged", chargeId: "sandbox_paid" });
  await bank.refund({ userId: "ann", orderId: "paid", amount, chargeId: "sandbox_paid" });
  await bank.charge({ ...charge, orderId: "new" });
  expect(await bank.statement("")).toEqual([
    {
      orderId: "new",
      ...amount,
      state: "charged",
      attempts: 1,
      charges: 1,
      refunds: 0,
      refunded: 0,
      method: 1,
    },
    {
      orderId: "paid",
      ...amount,
      state: "refunded",
      attempts: 2,
      charges: 1,
      refunds: 1,
      refunded: 100,
      method: 1,
    },
  ]);
});

// The schema of the registry: pinned, and migrated from earlier releases.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import { MIGRATIONS } from "../../src/catalog/registry-schema.ts";
import { aSale, aSku, unique } from "../support/shop.ts";
import { ddlOf, dropTables, versionOf } from "../support/tables.ts";

const SCHEMA = {
  schema_version:
    "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
  sales:
    "CREATE TABLE sales ( id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL, " +
    "former TEXT NOT NULL , opens_at TEXT, closes_at TEXT, active INTEGER, unlisted INTEGER, rehearsal INTEGER) WITHOUT ROWID",
  sales_by_end: "CREATE INDEX sales_by_end ON sales (closes_at, id)",
  skus:
    "CREATE TABLE skus ( id TEXT PRIMARY KEY, sale_id TEXT NOT NULL, on_sale INTEGER NOT NULL, " +
    "stocked INTEGER, unsold INTEGER , withdrawn INTEGER, lanes INTEGER, former_lanes TEXT, lanes_since INTEGER) WITHOUT ROWID",
  skus_by_sale: "CREATE INDEX skus_by_sale ON skus (sale_id)",
  restocks:
    "CREATE TABLE restocks ( sku_id TEXT NOT NULL, key TEXT NOT NULL, quantity INTEGER NOT NULL, " +
    "PRIMARY KEY (sku_id, key) ) WITHOUT ROWID",
  counters: "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
  rules: "CREATE TABLE rules (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
  log:
    "CREATE TABLE log ( id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, " +
    "action TEXT NOT NULL, target TEXT NOT NULL, reason TEXT, changes TEXT NOT NULL, " +
    "outcome TEXT NOT NULL, code TEXT, request_id TEXT NOT NULL, key TEXT )",
  log_by_key: "CREATE UNIQUE INDEX log_by_key ON log (key) WHERE key IS NOT NULL",
  log_by_target: "CREATE INDEX log_by_target ON log (target, id)",
  switches: "CREATE TABLE switches (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
};

/** The very first schema. */
const FIRST =
  "CREATE TABLE sales (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID";
/** The last schema that had no version. */
const UNVERSIONED = `
CREATE TABLE sales (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL, former TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE rules (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`;

const aRegistry = () => env.SALE_REGISTRY.getByName(unique("registry"));
type Stub = ReturnType<typeof aRegistry>;

const inside = <T>(stub: Stub, work: (sql: SqlStorage) => T) =>
  runInDurableObject(stub, (_, { storage }) => work(storage.sql));

/** Replaces the tables of a registry with those of an earlier release, which `fill` fills. */
async function givenTables(stub: Stub, ddl: string, fill: (sql: SqlStorage) => void) {
  await inside(stub, (sql) => {
    dropTables(sql);
    sql.exec(ddl);
    fill(sql);
  });
  await evictDurableObject(stub);
}

async function expectCurrentSchema(stub: Stub) {
  expect(await inside(stub, ddlOf)).toEqual(SCHEMA);
  expect(await inside(stub, versionOf)).toBe(MIGRATIONS.length);
}

test("pins the tables of the registry, which only a migration may change", async () => {
  await expectCurrentSchema(aRegistry());
});

test("opens a registry of the very first schema and goes on with its sales", async () => {
  const stub = aRegistry();
  const [sale, next] = [aSale(), aSale()];
  await givenTables(stub, FIRST, (sql) => {
    sql.exec("INSERT INTO sales VALUES (?, 7, ?)", sale.id, JSON.stringify(sale));
    sql.exec("INSERT INTO sales VALUES ('gone', 9, 'null')");
  });

  await expectCurrentSchema(stub);
  await runInDurableObject(stub, (registry) => {
    expect(registry.find({ sku: sale.skus[0]?.id as string })).toMatchObject({ revision: 7, sale });
    expect(registry.show("gone")?.registered).toMatchObject({ sale: null, former: [] });
    expect(registry.put(next)).toMatchObject({ ok: true, created: true });
    expect(registry.putRule("deny:user:x", "text")).toBeGreaterThan(9);
    const { catalog } = registry.published();
    expect(catalog.sales.map(({ id }) => id).toSorted()).toEqual([sale.id, next.id].toSorted());
  });
});

test("opens a registry without a schema version, with its sales, former SKUs, rules, and revision", async () => {
  const stub = aRegistry();
  const [sold, left, moved] = [aSku(), aSku(), aSku()];
  const [first, second] = [aSale({ skus: [sold] }), aSale({ skus: [moved] })];
  const future = Date.now() + 86_400_000;
  await givenTables(stub, UNVERSIONED, (sql) => {
    const insert = (id: string, revision: number, document: unknown, former: string[]) =>
      sql.exec(
        "INSERT INTO sales VALUES (?, ?, ?, ?)",
        id,
        revision,
        JSON.stringify(document),
        JSON.stringify(former),
      );
    insert(first.id, 7, first, [left.id, moved.id]);
    insert(second.id, future, second, []);
    insert("gone", 9, null, ["gone-sku"]);
    sql.exec("INSERT INTO rules VALUES ('deny:user:x', 'text')");
  });

  await expectCurrentSchema(stub);
  await runInDurableObject(stub, (registry) => {
    expect(registry).toBeInstanceOf(SaleRegistry);
    const { catalog } = registry.published();
    expect(catalog.sales.map(({ id }) => id).toSorted()).toEqual([first.id, second.id].toSorted());
    expect(registry.show(first.id)?.registered).toEqual({
      id: first.id,
      revision: 7,
      sale: first,
      former: [left.id],
      unsold: [],
    });
    expect(registry.show("gone")?.registered).toMatchObject({ sale: null, former: ["gone-sku"] });
    expect(registry.find({ sku: moved.id })?.id).toBe(second.id);
    expect(registry.find({ sku: left.id })).toBeNull();
    expect(registry.rules().rules).toEqual([{ name: "deny:user:x", text: "text" }]);
    expect(registry.put(aSale({ skus: [sold] }))).toMatchObject({ ok: false, reason: "sku_taken" });
    const put = registry.put(aSale({ skus: [left] }));
    expect(put.ok && put.registered.revision).toBeGreaterThan(future);
  });
});

// A registry of an earlier release: its sales, SKUs and rules are all there after the update.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import { aSale, aSku } from "../support/shop.ts";

const TABLES = ["sales", "skus", "restocks", "counters", "rules", "schema_version"];
const OLD = `
CREATE TABLE sales (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL, former TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE rules (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`;

test("knows what it knew, which SKUs left and which belong where, and goes on counting", async () => {
  const stub = env.SALE_REGISTRY.getByName("old");
  const [sold, left, moved] = [aSku(), aSku(), aSku()];
  const [first, second] = [aSale({ skus: [sold] }), aSale({ skus: [moved] })];
  const future = Date.now() + 86_400_000;
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    for (const table of TABLES) sql.exec(`DROP TABLE IF EXISTS ${table}`);
    sql.exec(OLD);
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
  await evictDurableObject(stub);

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

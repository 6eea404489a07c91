// The Durable Object that keeps all sales: it gives each change its revision and its place in the order
// of changes. Redis and the SKU objects hold copies that can be made again from here at any time.
import { DurableObject } from "cloudflare:workers";
import type { CatalogEntry, Sale } from "./schema.ts";

/** Deleted sales stay as `null`, so that a late copy of an older revision cannot bring one back. */
export interface RegisteredSale {
  id: string;
  revision: number;
  sale: Sale | null;
}

export type PutResult =
  | { ok: true; before: Sale | null; registered: CatalogEntry }
  | { ok: false; reason: "sku_taken"; skuId: string; saleId: string };

const SCHEMA =
  "CREATE TABLE IF NOT EXISTS sales (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID";

export class SaleRegistry extends DurableObject<object> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(SCHEMA);
  }

  /** Registers a sale, new or changed. A SKU id names one object, so it can be in one sale only. */
  put(sale: Sale): PutResult {
    const all = this.all();
    for (const other of all) {
      if (other.id === sale.id) continue;
      const taken = other.sale?.skus.find(({ id }) => sale.skus.some((sku) => sku.id === id));
      if (taken) return { ok: false, reason: "sku_taken", skuId: taken.id, saleId: other.id };
    }
    const before = all.find(({ id }) => id === sale.id);
    const revision = this.#write(sale.id, before, sale);
    return { ok: true, before: before?.sale ?? null, registered: { revision, sale } };
  }

  /** Takes a sale off; undefined when there is none. */
  remove(id: string): { before: Sale; revision: number } | null {
    const before = this.all().find((registered) => registered.id === id);
    if (!before?.sale) return null;
    return { before: before.sale, revision: this.#write(id, before, null) };
  }

  /** Every sale that ever was, deleted ones included. */
  all(): RegisteredSale[] {
    return [...this.#sql.exec("SELECT * FROM sales")].map((row) => ({
      id: row.id as string,
      revision: row.revision as number,
      sale: JSON.parse(row.document as string),
    }));
  }

  /** Revisions are milliseconds of the change, but always rise, whatever the clock does. */
  #write(id: string, before: RegisteredSale | undefined, sale: Sale | null): number {
    const revision = Math.max(Date.now(), (before?.revision ?? 0) + 1);
    this.#sql.exec(
      "INSERT OR REPLACE INTO sales VALUES (?, ?, ?)",
      id,
      revision,
      JSON.stringify(sale),
    );
    return revision;
  }
}

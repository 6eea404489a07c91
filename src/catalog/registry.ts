// The Durable Object that keeps what operators decide: all sales, and deny and allow rules. It gives each
// change of a sale its revision and its place in the order of changes. Redis and the SKU objects hold copies that can be made again from here at any time.
import { DurableObject } from "cloudflare:workers";
import type { Sale } from "./schema.ts";

/** A sale as the registry and every copy have it. A deleted one stays as `null`, so that no late copy brings it back. */
export interface RegisteredSale {
  id: string;
  revision: number;
  sale: Sale | null;
  /** SKUs that left this sale and joined no other: their objects must know that they are off sale. */
  former: string[];
  /**
   * Those of its SKUs, former ones included, whose object had never accepted an order when it learned this
   * revision. Until the sale opens, or is changed, they cannot have sold.
   */
  unsold: string[];
}

export type PutResult =
  | { ok: true; created: boolean; isFirst: boolean; registered: RegisteredSale }
  | { ok: false; reason: "sku_taken"; skuId: string; saleId: string };

/** A deny or allow rule of the operator's, as a text that means nothing here. */
export interface RegisteredRule {
  name: string;
  text: string;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS sales (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL, former TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unsold (sku_id TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rules (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`;

const skuIdsOf = (sale: Sale | null | undefined): string[] => sale?.skus.map(({ id }) => id) ?? [];

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
    const wanted = new Set(skuIdsOf(sale));
    for (const other of all) {
      if (other.id === sale.id) continue;
      const skuId = skuIdsOf(other.sale).find((id) => wanted.has(id));
      if (skuId) return { ok: false, reason: "sku_taken", skuId, saleId: other.id };
    }
    const created = !all.find(({ id }) => id === sale.id)?.sale;
    const isFirst = all.length === 0;
    return { ok: true, created, isFirst, registered: this.#write(all, sale.id, sale) };
  }

  /** Takes a sale off, and says whether it was on; null when there never was one. */
  remove(id: string): { removed: boolean; registered: RegisteredSale } | null {
    const all = this.all();
    const before = all.find((registered) => registered.id === id);
    if (!before) return null;
    if (!before.sale) return { removed: false, registered: before };
    return { removed: true, registered: this.#write(all, id, null) };
  }

  /** Every sale that ever was, deleted ones included. */
  all(): RegisteredSale[] {
    const unsold = new Map(
      [...this.#sql.exec("SELECT * FROM unsold")].map((row) => [row.sku_id, row.revision]),
    );
    return [...this.#sql.exec("SELECT * FROM sales")].map((row) => {
      const sale: Sale | null = JSON.parse(row.document as string);
      const former: string[] = JSON.parse(row.former as string);
      const skuIds = [...skuIdsOf(sale), ...former];
      return {
        id: row.id as string,
        revision: row.revision as number,
        sale,
        former,
        unsold: skuIds.filter((skuId) => unsold.get(skuId) === row.revision),
      };
    });
  }

  /** Notes which SKUs had never sold when their objects learned a revision; ignored if it was replaced. */
  noteUnsold(id: string, revision: number, skuIds: string[]): void {
    const [current] = this.#sql.exec("SELECT revision FROM sales WHERE id = ?", id);
    if (current?.revision !== revision) return;
    for (const skuId of skuIds) {
      this.#sql.exec("INSERT OR REPLACE INTO unsold VALUES (?, ?)", skuId, revision);
    }
  }

  putRule(name: string, text: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO rules VALUES (?, ?)", name, text);
  }

  /** False when there was none. */
  removeRule(name: string): boolean {
    return this.#sql.exec("DELETE FROM rules WHERE name = ?", name).rowsWritten > 0;
  }

  /** Removes rules that are still what they were when they were read. */
  removeRules(rules: RegisteredRule[]): void {
    for (const { name, text } of rules) {
      this.#sql.exec("DELETE FROM rules WHERE name = ? AND text = ?", name, text);
    }
  }

  rules(): RegisteredRule[] {
    return [...this.#sql.exec("SELECT name, text FROM rules")] as unknown as RegisteredRule[];
  }

  /**
   * Revisions are milliseconds of the change, but always rise, whatever the clock does: over all sales,
   * because a SKU may move from one to another.
   */
  #write(all: RegisteredSale[], id: string, sale: Sale | null): RegisteredSale {
    const highest = all.reduce((max, { revision }) => Math.max(max, revision), 0);
    const revision = Math.max(Date.now(), highest + 1);
    const before = all.find((registered) => registered.id === id);
    const others = all.filter((registered) => registered.id !== id);
    const onSale = new Set([...others.flatMap((other) => skuIdsOf(other.sale)), ...skuIdsOf(sale)]);
    const known = new Set([...(before?.former ?? []), ...skuIdsOf(before?.sale)]);
    const former = [...known].filter((skuId) => !onSale.has(skuId));
    this.#sql.exec(
      "INSERT OR REPLACE INTO sales VALUES (?, ?, ?, ?)",
      id,
      revision,
      JSON.stringify(sale),
      JSON.stringify(former),
    );
    return { id, revision, sale, former, unsold: [] };
  }
}

// The registry's tables of sales and SKUs. Every question of the hot path and every write is a look-up in an
// index: the past of a shop costs its present nothing.
import { migrate } from "../migrate.ts";
import { MIGRATIONS } from "./registry-schema.ts";
import type { ArchivePage, Confirmation, RegisteredSale } from "./registry-types.ts";
import type { Sale } from "./schema.ts";

/** How many sales that are open or to come are known everywhere at any time; the rest is asked for. */
const MAX_CURRENT = 200;
/** How many of those that closed last are known as well. */
const MAX_RECENT = 20;
/** What is known everywhere is one document of at most about so many characters. */
const MAX_ACTIVE_SIZE = 1_000_000;

/** A page of the others ends at so many characters. */
const MAX_PAGE_SIZE = 250_000;

/** Which sales should be active now. Of many, those that open first and those that closed last. */
const WANTED = `
SELECT * FROM (
  SELECT id, length(document) AS size FROM sales
  WHERE active IS NOT NULL AND closes_at > ?1 ORDER BY opens_at, id LIMIT ${MAX_CURRENT})
UNION ALL SELECT * FROM (
  SELECT id, length(document) AS size FROM sales
  WHERE active IS NOT NULL AND closes_at <= ?1 ORDER BY closes_at DESC, id DESC LIMIT ${MAX_RECENT})`;

type Row = Record<string, SqlStorageValue>;

/** The ids of the first rows whose sizes together are no more than `max`, at least of one. */
function fitting(rows: Row[], max: number): string[] {
  let size = 0;
  return rows
    .filter((row, index) => {
      size += row.size as number;
      return size <= max || index === 0;
    })
    .map(({ id }) => id as string);
}

export class SaleTables {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    migrate(storage, MIGRATIONS);
  }

  /** Undefined when there never was one; a deleted one is still found. */
  sale(id: string): RegisteredSale | undefined {
    return this.#sales("WHERE id = ?", id)[0];
  }

  /** The sale that has a SKU, or had it last. */
  saleOfSku(skuId: string): { saleId: string; onSale: boolean } | undefined {
    const [row] = this.#run("SELECT sale_id, on_sale FROM skus WHERE id = ?", skuId);
    return row && { saleId: row.sale_id as string, onSale: row.on_sale === 1 };
  }

  /** What every edge knows: open sales, those to come, and those that closed last. */
  active(): RegisteredSale[] {
    return this.#sales("WHERE active = 1");
  }

  isActive(id: string): boolean {
    return this.#run("SELECT 1 FROM sales WHERE id = ? AND active = 1", id).length > 0;
  }

  /** How many sales exist that are not active. */
  get olderCount(): number {
    return this.#run("SELECT count(*) AS n FROM sales WHERE active = 0")[0]?.n as number;
  }

  /** Sales that are not active, latest end first, after one of them or after all that are. */
  older(after: string | null, limit: number): ArchivePage {
    const [from] = this.#run("SELECT closes_at FROM sales WHERE id = ? AND active IS NOT 1", after);
    const rows = this.#run(
      `SELECT id, length(document) AS size FROM sales WHERE active = 0 AND (closes_at, id) < (?, ?)
        ORDER BY closes_at DESC, id DESC LIMIT ?`,
      from?.closes_at ?? "~",
      from ? after : "~",
      limit + 1,
    );
    const ids = fitting(rows, MAX_PAGE_SIZE).slice(0, limit);
    const sales = ids.flatMap((id) => this.sale(id) ?? []);
    return { sales, more: sales.length < rows.length };
  }

  /** All sales in the order of their ids, deleted ones included, for the reconciliation. */
  page(after: string, limit: number): RegisteredSale[] {
    return this.#sales(`WHERE id > ? ORDER BY id LIMIT ${limit}`, after);
  }

  /** The same without deleted ones. */
  livingPage(after: string, limit: number): RegisteredSale[] {
    return this.#sales(`WHERE id > ? AND active IS NOT NULL ORDER BY id LIMIT ${limit}`, after);
  }

  /** Every SKU there ever was. */
  skuIds(): string[] {
    return this.#run("SELECT id FROM skus").map(({ id }) => id as string);
  }

  /** Every sale there ever was. */
  saleIds(): string[] {
    return this.#run("SELECT id FROM sales").map(({ id }) => id as string);
  }

  /** Keeps a sale, or with null what is left of a deleted one. */
  save(id: string, revision: number, sale: Sale | null): void {
    this.#run(
      `INSERT INTO sales (id, revision, document, former, opens_at, closes_at, active)
        VALUES (?1, ?2, ?3, '[]', ?4, ?5, ?6)
        ON CONFLICT (id) DO UPDATE SET revision = ?2, document = ?3,
          opens_at = coalesce(?4, opens_at), closes_at = coalesce(?5, closes_at),
          active = CASE WHEN ?6 IS NULL THEN NULL ELSE coalesce(active, 0) END`,
      id,
      revision,
      JSON.stringify(sale),
      sale?.opensAt ?? null,
      sale?.closesAt ?? null,
      sale && 0,
    );
    this.#run("UPDATE skus SET on_sale = 0 WHERE sale_id = ?", id);
    for (const sku of sale?.skus ?? []) {
      this.#run(
        `INSERT INTO skus (id, sale_id, on_sale) VALUES (?, ?, 1)
          ON CONFLICT (id) DO UPDATE SET sale_id = excluded.sale_id, on_sale = 1`,
        sku.id,
        id,
      );
    }
  }

  /** Every minute objects say the same again, and a written row is billed: only news is one. */
  confirm(revision: number, { skuId, stocked, everSold }: Confirmation): void {
    this.#run(
      `UPDATE skus SET stocked = ?1, unsold = ?2
        WHERE id = ?3 AND (stocked IS NOT ?1 OR unsold IS NOT ?2)`,
      stocked,
      everSold ? null : revision,
      skuId,
    );
  }

  /** Units that the objects of a sale's SKUs last said they have in total. */
  stocked(saleId: string): Record<string, number> {
    const rows = this.#run(
      "SELECT id, stocked FROM skus WHERE sale_id = ? AND on_sale = 1",
      saleId,
    );
    return Object.fromEntries(rows.map(({ id, stocked }) => [id, stocked ?? 0]));
  }

  /**
   * Makes active what should be by now, and nothing else.
   *
   * @returns whether anything changed
   */
  sweep(now: number): boolean {
    const rows = this.#run(WANTED, new Date(now).toISOString());
    const wanted = new Set(fitting(rows, MAX_ACTIVE_SIZE));
    const active = new Set(
      this.#run("SELECT id FROM sales WHERE active = 1").map(({ id }) => id as string),
    );
    const changed = [...wanted, ...active].filter((id) => wanted.has(id) !== active.has(id));
    for (const id of changed) {
      this.#run("UPDATE sales SET active = ? WHERE id = ?", wanted.has(id) ? 1 : 0, id);
    }
    return changed.length > 0;
  }

  restockOf(skuId: string, key: string): number | undefined {
    const [row] = this.#run(
      "SELECT quantity FROM restocks WHERE sku_id = ? AND key = ?",
      skuId,
      key,
    );
    return row?.quantity as number | undefined;
  }

  saveRestock(skuId: string, key: string, quantity: number): void {
    this.#run(
      "INSERT INTO restocks (sku_id, key, quantity) VALUES (?, ?, ?)",
      skuId,
      key,
      quantity,
    );
  }

  /** 0 for a counter that never counted. */
  counter(name: string): number {
    return (this.#run("SELECT value FROM counters WHERE name = ?", name)[0]?.value ?? 0) as number;
  }

  setCounter(name: string, value: number): void {
    this.#run("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", name, value);
  }

  #sales(where: string, ...bindings: SqlStorageValue[]): RegisteredSale[] {
    return this.#run(`SELECT id, revision, document FROM sales ${where}`, ...bindings).map(
      (row) => {
        const id = row.id as string;
        const revision = row.revision as number;
        const skus = this.#run("SELECT id, on_sale, unsold FROM skus WHERE sale_id = ?", id);
        const idsOf = (rows: Row[]) => rows.map((sku) => sku.id as string);
        return {
          id,
          revision,
          sale: JSON.parse(row.document as string),
          former: idsOf(skus.filter(({ on_sale }) => on_sale === 0)),
          unsold: idsOf(skus.filter(({ on_sale, unsold }) => on_sale === 1 && unsold === revision)),
        };
      },
    );
  }

  #run(query: string, ...bindings: SqlStorageValue[]): Row[] {
    return this.#sql.exec(query, ...bindings).toArray();
  }
}

// The registry's tables of sales and SKUs. Every hot-path query and every write uses an index, so past sales cost
// nothing.
import type { LanedSku } from "../inventory/order-id.ts";
import { migrate } from "../migrate.ts";
import { MIGRATIONS } from "./registry-schema.ts";
import type { ArchivePage, Confirmation, LaneChange, RegisteredSale } from "./registry-types.ts";
import { isListed, type Sale } from "./schema.ts";

/** The most open and upcoming sales that are published. Edges request the others from the registry. */
const MAX_CURRENT = 200;
/** The most closed sales that are published: those that closed last. */
const MAX_RECENT = 20;
/** The most characters of all published documents together. */
const MAX_ACTIVE_SIZE = 1_000_000;
/** The most characters of a page of archived documents. */
const MAX_PAGE_SIZE = 250_000;

/** The sales that should be published now: those that open first, and those that closed last. */
const WANTED = `
SELECT * FROM (
  SELECT id, length(document) AS size FROM sales
  WHERE active IS NOT NULL AND closes_at > ?1 ORDER BY opens_at, id LIMIT ${MAX_CURRENT})
UNION ALL SELECT * FROM (
  SELECT id, length(document) AS size FROM sales
  WHERE active IS NOT NULL AND closes_at <= ?1 ORDER BY closes_at DESC, id DESC LIMIT ${MAX_RECENT})`;

type Row = Record<string, SqlStorageValue>;

/** The ids of the first rows whose sizes add up to at most `max`; at least one. */
function fitting(rows: Row[], max: number): string[] {
  let size = 0;
  return rows
    .filter((row, index) => {
      size += row.size as number;
      return size <= max || index === 0;
    })
    .map(({ id }) => id as string);
}

const toLaneChange = ({ former_lanes, lanes_since }: Row): LaneChange => ({
  since: lanes_since as number,
  former: JSON.parse(former_lanes as string),
});

export class SaleTables {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    migrate(storage, MIGRATIONS);
  }

  /** Undefined if the sale never existed. Includes deleted sales. */
  sale(id: string): RegisteredSale | undefined {
    return this.#sales("WHERE id = ?", id)[0];
  }

  /** The sale that a SKU belongs to, or belonged to last. */
  saleOfSku(skuId: string): { saleId: string; onSale: boolean } | undefined {
    const [row] = this.#run("SELECT sale_id, on_sale FROM skus WHERE id = ?", skuId);
    return row && { saleId: row.sale_id as string, onSale: row.on_sale === 1 };
  }

  /** The published sales. */
  active(): RegisteredSale[] {
    return this.#sales("WHERE active = 1");
  }

  isActive(id: string): boolean {
    return this.#run("SELECT 1 FROM sales WHERE id = ? AND active = 1", id).length > 0;
  }

  /** Number of archived sales that are listed. */
  get olderCount(): number {
    const sql = "SELECT count(*) AS n FROM sales WHERE active = 0 AND unlisted IS NULL";
    return this.#run(sql)[0]?.n as number;
  }

  /** A page of archived sales that are listed, latest end first. `after` is the last sale of the page before, or null. */
  older(after: string | null, limit: number): ArchivePage {
    const [from] = this.#run("SELECT closes_at FROM sales WHERE id = ? AND active IS NOT 1", after);
    const rows = this.#run(
      `SELECT id, length(document) AS size FROM sales
        WHERE active = 0 AND unlisted IS NULL AND (closes_at, id) < (?, ?)
        ORDER BY closes_at DESC, id DESC LIMIT ?`,
      from?.closes_at ?? "~",
      from ? after : "~",
      limit + 1,
    );
    const ids = fitting(rows, MAX_PAGE_SIZE).slice(0, limit);
    const sales = ids.flatMap((id) => this.sale(id) ?? []);
    return { sales, more: sales.length < rows.length };
  }

  /** A page of all sales ordered by id, including deleted ones, for the reconciliation. */
  page(after: string, limit: number): RegisteredSale[] {
    return this.#sales(`WHERE id > ? ORDER BY id LIMIT ${limit}`, after);
  }

  /** The same without deleted sales. */
  livingPage(after: string, limit: number): RegisteredSale[] {
    return this.#sales(`WHERE id > ? AND active IS NOT NULL ORDER BY id LIMIT ${limit}`, after);
  }

  /** All SKUs that ever existed. */
  skuIds(): string[] {
    return this.skus().map(({ id }) => id);
  }

  /** The same with their lanes. */
  skus(): LanedSku[] {
    return this.#run("SELECT id, lanes, former_lanes FROM skus").map(
      ({ id, lanes, former_lanes }) => ({
        id: id as string,
        lanes: (lanes ?? 1) as number,
        former: JSON.parse((former_lanes ?? "[]") as string),
      }),
    );
  }

  /** The SKUs that left a sale, unless they are another's now. */
  formerSkus(saleId: string): string[] {
    const rows = this.#run("SELECT id FROM skus WHERE sale_id = ? AND on_sale = 0", saleId);
    return rows.map(({ id }) => id as string);
  }

  /** All sales that ever existed. */
  saleIds(): string[] {
    return this.#run("SELECT id FROM sales").map(({ id }) => id as string);
  }

  /** Stores a sale. Null marks it as deleted; its row remains. */
  save(id: string, revision: number, sale: Sale | null): void {
    this.#run(
      `INSERT INTO sales (id, revision, document, former, opens_at, closes_at, active, unlisted, rehearsal)
        VALUES (?1, ?2, ?3, '[]', ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (id) DO UPDATE SET revision = ?2, document = ?3, unlisted = ?7,
          opens_at = coalesce(?4, opens_at), closes_at = coalesce(?5, closes_at),
          rehearsal = CASE WHEN ?6 IS NULL THEN rehearsal ELSE ?8 END,
          active = CASE WHEN ?6 IS NULL THEN NULL ELSE coalesce(active, 0) END`,
      id,
      revision,
      JSON.stringify(sale),
      sale?.opensAt ?? null,
      sale?.closesAt ?? null,
      sale && 0,
      sale && !isListed(sale) ? 1 : null,
      sale?.rehearsal ? 1 : null,
    );
    this.#run("UPDATE skus SET on_sale = 0 WHERE sale_id = ?", id);
    for (const sku of sale?.skus ?? []) {
      const lanes = sku.lanes ?? 1;
      this.#run(
        `INSERT INTO skus (id, sale_id, on_sale, lanes) VALUES (?1, ?2, 1, ?3)
          ON CONFLICT (id) DO UPDATE SET sale_id = ?2, on_sale = 1`,
        ...[sku.id, id, lanes],
      );
      this.#run(
        `UPDATE skus SET lanes = ?2, lanes_since = ?3, former_lanes = (
            SELECT json_group_array(DISTINCT value) FROM (
              SELECT value FROM json_each(coalesce(former_lanes, '[]')) UNION SELECT coalesce(lanes, 1)))
          WHERE id = ?1 AND coalesce(lanes, 1) <> ?2`,
        ...[sku.id, lanes, revision],
      );
    }
  }

  /** Deletes a sale with the SKUs that belonged to it last. */
  forget(id: string): void {
    this.#run("DELETE FROM restocks WHERE sku_id IN (SELECT id FROM skus WHERE sale_id = ?)", id);
    this.#run("DELETE FROM skus WHERE sale_id = ?", id);
    this.#run("DELETE FROM sales WHERE id = ?", id);
  }

  /** Writes only changes, because objects confirm every minute and every written row is billed. */
  confirm(revision: number, { skuId, stocked, everSold, withdrawn }: Confirmation): void {
    this.#run(
      `UPDATE skus SET stocked = ?1, unsold = ?2, withdrawn = ?4
        WHERE id = ?3 AND (stocked IS NOT ?1 OR unsold IS NOT ?2 OR withdrawn IS NOT ?4)`,
      stocked,
      everSold ? null : revision,
      skuId,
      withdrawn ?? null,
    );
  }

  /** SKU id → units that its object last reported as stocked. */
  stocked(saleId: string): Record<string, number> {
    const rows = this.#run(
      "SELECT id, stocked FROM skus WHERE sale_id = ? AND on_sale = 1",
      saleId,
    );
    return Object.fromEntries(rows.map(({ id, stocked }) => [id, stocked ?? 0]));
  }

  /**
   * Marks exactly the sales that should be published now as active.
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

  /** 0 if the counter was never set. */
  counter(name: string): number {
    return (this.#run("SELECT value FROM counters WHERE name = ?", name)[0]?.value ?? 0) as number;
  }

  setCounter(name: string, value: number): void {
    this.#run("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", name, value);
  }

  #sales(where: string, ...bindings: SqlStorageValue[]): RegisteredSale[] {
    return this.#run(
      `SELECT id, revision, document, rehearsal FROM sales ${where}`,
      ...bindings,
    ).map((row) => {
      const id = row.id as string;
      const revision = row.revision as number;
      const skus = this.#run(
        `SELECT id, on_sale, unsold, withdrawn, former_lanes, lanes_since
          FROM skus WHERE sale_id = ?`,
        id,
      );
      const withdrawn = skus.filter((sku) => sku.withdrawn !== null);
      const changed = skus.filter((sku) => sku.former_lanes !== null);
      const idsOf = (rows: Row[]) => rows.map((sku) => sku.id as string);
      return {
        id,
        revision,
        sale: JSON.parse(row.document as string),
        ...(row.rehearsal === 1 ? { rehearsal: true } : {}),
        former: idsOf(skus.filter(({ on_sale }) => on_sale === 0)),
        unsold: idsOf(skus.filter(({ on_sale, unsold }) => on_sale === 1 && unsold === revision)),
        ...(withdrawn.length > 0
          ? { withdrawn: Object.fromEntries(withdrawn.map((sku) => [sku.id, sku.withdrawn])) }
          : {}),
        ...(changed.length > 0
          ? { layouts: Object.fromEntries(changed.map((sku) => [sku.id, toLaneChange(sku)])) }
          : {}),
      };
    });
  }

  #run(query: string, ...bindings: SqlStorageValue[]): Row[] {
    return this.#sql.exec(query, ...bindings).toArray();
  }
}

// The table of one allowance object: the shares of some of a sale's people. Each share is one row of one B-tree.
import { migrate } from "../../migrate.ts";
import type { CountedPage, ShareRef } from "./client.ts";
import type { CountedOrder, Lease, Share } from "./decide.ts";

/** Shares of one page of the report. */
const PAGE_SIZE = 2_000;

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE shares (
  user_id TEXT NOT NULL, sku_id TEXT NOT NULL, key TEXT NOT NULL, quantity INTEGER NOT NULL,
  leases TEXT NOT NULL, counted TEXT,
  PRIMARY KEY (user_id, sku_id, key)
) WITHOUT ROWID;
CREATE TABLE sale (id INTEGER PRIMARY KEY CHECK (id = 1), sale_id TEXT NOT NULL)`,
];

export class ShareTable {
  readonly #sql: SqlStorage;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">) {
    this.#sql = storage.sql;
    migrate(storage, MIGRATIONS);
  }

  get saleId(): string | undefined {
    const [row] = this.#sql.exec("SELECT sale_id FROM sale").toArray();
    return row?.sale_id as string | undefined;
  }

  set saleId(saleId: string) {
    this.#sql.exec("INSERT OR REPLACE INTO sale (id, sale_id) VALUES (1, ?)", saleId);
  }

  /** All shares of a person. */
  of(userId: string): Share[] {
    return this.#sql
      .exec("SELECT sku_id, key, quantity, leases, counted FROM shares WHERE user_id = ?", userId)
      .toArray()
      .map((row) => ({
        skuId: row.sku_id as string,
        key: row.key as string,
        quantity: row.quantity as number,
        leases: JSON.parse(row.leases as string) as Lease[],
        order: JSON.parse((row.counted ?? "null") as string) as CountedOrder | null,
      }));
  }

  save(userId: string, { skuId, key, quantity, leases, order }: Share): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO shares (user_id, sku_id, key, quantity, leases, counted)
        VALUES (?, ?, ?, ?, ?, ?)`,
      userId,
      skuId,
      key,
      quantity,
      JSON.stringify(leases),
      order && JSON.stringify(order),
    );
  }

  delete(userId: string, { skuId, key }: Pick<Share, "skuId" | "key">): void {
    this.#sql.exec(
      "DELETE FROM shares WHERE user_id = ? AND sku_id = ? AND key = ?",
      userId,
      skuId,
      key,
    );
  }

  /** A page of the units that are counted, in key order. */
  page(after: ShareRef | null): CountedPage {
    const rows = this.#sql
      .exec(
        `SELECT user_id, sku_id, key, coalesce(json_extract(counted, '$.units'), 0) AS units FROM shares
          WHERE (user_id, sku_id, key) > (?, ?, ?) ORDER BY user_id, sku_id, key LIMIT ?`,
        after?.userId ?? "",
        after?.skuId ?? "",
        after?.key ?? "",
        PAGE_SIZE,
      )
      .toArray() as { user_id: string; sku_id: string; key: string; units: number }[];
    const last = rows.length < PAGE_SIZE ? undefined : rows.at(-1);
    return {
      counted: rows.map((row) => ({ userId: row.user_id, skuId: row.sku_id, units: row.units })),
      next: last ? { userId: last.user_id, skuId: last.sku_id, key: last.key } : null,
    };
  }

  skuIds(): string[] {
    return this.#sql
      .exec("SELECT DISTINCT sku_id FROM shares")
      .toArray()
      .map((row) => row.sku_id as string);
  }

  /** Deletes up to `limit` shares, of whomever. Returns whether some are left. */
  deleteSome(limit: number): boolean {
    this.#sql.exec(
      `DELETE FROM shares WHERE (user_id, sku_id, key) IN
        (SELECT user_id, sku_id, key FROM shares LIMIT ?)`,
      limit,
    );
    return this.#sql.exec("SELECT 1 FROM shares LIMIT 1").toArray().length > 0;
  }
}

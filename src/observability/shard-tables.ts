// The tables of a shard of the metrics: frames by time, and the state that goes on across restarts.
import { type Frame, fromJson, mergeInto, toJson } from "./frame.ts";
import type { ShardState } from "./shard-state.ts";

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE recent (at INTEGER PRIMARY KEY, frame TEXT NOT NULL);
CREATE TABLE minutes (at INTEGER PRIMARY KEY, frame TEXT NOT NULL);
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)`,
];

export const BUCKET_MS = 5_000;
export const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MONTH_MS = 31 * DAY_MS;
/** Beyond this size, in bytes, each minute deletes the oldest day, whatever its age. */
const MAX_SIZE = 1_000_000_000;

type Table = "recent" | "minutes";

export class ShardTables {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  loadState(): ShardState | null {
    const [row] = this.#sql.exec("SELECT state FROM state").toArray();
    if (!row) return null;
    const { totals, senders, lost, minute } = JSON.parse(row.state as string);
    return {
      totals: fromJson(totals),
      senders: new Map(senders),
      lost,
      minute: minute && { at: minute.at, frame: fromJson(minute.frame) },
    };
  }

  saveState({ totals, senders, lost, minute }: ShardState): void {
    const text = JSON.stringify({
      totals: toJson(totals),
      senders: [...senders],
      lost,
      minute: minute && { at: minute.at, frame: toJson(minute.frame) },
    });
    this.#sql.exec("INSERT OR REPLACE INTO state VALUES (1, ?)", text);
  }

  /** The frames of a range, in order. `to`: the first moment that is not part of it. */
  between(table: Table, from: number, to: number): { at: number; frame: Frame }[] {
    const where = "at >= ? AND at < ? ORDER BY at";
    const rows = this.#sql.exec(`SELECT at, frame FROM ${table} WHERE ${where}`, from, to);
    return rows.toArray().map(({ at, frame }) => ({ at: at as number, frame: parse(frame) }));
  }

  /** Stores a frame. Adds it to the stored one if there is one: after a restart, or if the clock was set back. */
  save(table: Table, { at, frame }: { at: number; frame: Frame }): void {
    const [row] = this.#sql.exec(`SELECT frame FROM ${table} WHERE at = ?`, at).toArray();
    const all = row ? parse(row.frame) : frame;
    if (row) mergeInto(all, frame);
    const text = JSON.stringify(toJson(all));
    this.#sql.exec(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`, at, text);
  }

  /** Deletes what is too old. */
  prune(now: number): void {
    this.#sql.exec("DELETE FROM recent WHERE at < ?", now - HOUR_MS - BUCKET_MS);
    this.#sql.exec("DELETE FROM minutes WHERE at < ?", now - MONTH_MS);
    if (this.#sql.databaseSize <= MAX_SIZE) return;
    const oldest = "SELECT min(at) FROM minutes";
    this.#sql.exec(`DELETE FROM minutes WHERE at < (${oldest}) + ?`, DAY_MS);
  }
}

const parse = (text: SqlStorageValue | undefined): Frame => fromJson(JSON.parse(String(text)));

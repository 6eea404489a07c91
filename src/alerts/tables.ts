// The tables of the watch: the alerts, those that ended last, and the notices about both.
import type { Alert, Ended } from "./decide-alerts.ts";
import type { Notice } from "./notice.ts";

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE alerts (id TEXT PRIMARY KEY, alert TEXT NOT NULL);
CREATE TABLE ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, alert TEXT NOT NULL);
CREATE TABLE notices (id TEXT PRIMARY KEY, alert_id TEXT NOT NULL, due_at INTEGER, notice TEXT NOT NULL)`,
];

/** Ended alerts that are kept, each with its notices. */
const MAX_ENDED = 100;

export class AlertTables {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Those that have not ended. */
  alerts(): Alert[] {
    return this.#read("SELECT alert AS text FROM alerts ORDER BY id");
  }

  /** Replaces `before` by `after`. Writes only rows that differ. */
  replaceAlerts(before: readonly Alert[], after: readonly Alert[]): void {
    const stored = new Map(before.map((alert) => [alert.id, JSON.stringify(alert)]));
    for (const alert of after) {
      const text = JSON.stringify(alert);
      const isStored = stored.get(alert.id) === text;
      stored.delete(alert.id);
      if (!isStored) this.#sql.exec("INSERT OR REPLACE INTO alerts VALUES (?, ?)", alert.id, text);
    }
    for (const id of stored.keys()) this.#sql.exec("DELETE FROM alerts WHERE id = ?", id);
  }

  /** The alerts that ended, the last one first. */
  ended(): Ended[] {
    return this.#read("SELECT alert AS text FROM ended ORDER BY ended_at DESC, id");
  }

  /** Adds alerts that ended, and forgets the oldest ones, except those whose notices are owed. */
  addEnded(alerts: readonly Ended[]): void {
    if (alerts.length === 0) return;
    for (const alert of alerts) {
      const values = [alert.id, alert.endedAt, JSON.stringify(alert)];
      this.#sql.exec("INSERT OR REPLACE INTO ended VALUES (?, ?, ?)", ...values);
    }
    this.#sql.exec(
      `DELETE FROM ended WHERE id NOT IN
  (SELECT id FROM ended ORDER BY ended_at DESC, id LIMIT ${MAX_ENDED})`,
    );
    this.#sql.exec(
      `DELETE FROM notices WHERE due_at IS NULL AND alert_id NOT IN
  (SELECT id FROM alerts UNION SELECT id FROM ended)`,
    );
  }

  /** A notice by its id. Undefined if none was made. */
  notice(id: string): Notice | undefined {
    return this.#read<Notice>("SELECT notice AS text FROM notices WHERE id = ?", id)[0];
  }

  /** The notices that the receiver has not got yet, the oldest first. */
  owed(): Notice[] {
    return this.#read("SELECT notice AS text FROM notices WHERE due_at IS NOT NULL ORDER BY rowid");
  }

  saveNotice(notice: Notice): void {
    const { id, alert, dueAt } = notice;
    this.#sql.exec(
      `INSERT INTO notices VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (id) DO UPDATE SET due_at = ?3, notice = ?4`,
      ...[id, alert.id, dueAt, JSON.stringify(notice)],
    );
  }

  #read<Row>(query: string, ...bindings: SqlStorageValue[]): Row[] {
    return this.#sql
      .exec(query, ...bindings)
      .toArray()
      .map(({ text }) => JSON.parse(String(text)));
  }
}

// The registry's table of what operators did. Append-only: an entry is written before its action, and completed once, after
// it. Bounded: it has the newest 100,000 entries, of about two kilobytes at most.
import type { Operator } from "../http/request.ts";
import type { Action, Change, Completion, LogEntry, NewEntry, Target } from "./log-entry.ts";

const MAX_ENTRIES = 100_000;

/** Longest target that is stored. Ids of every kind are shorter. */
const MAX_TARGET = 300;

const SELECT = `SELECT id, at, actor, role, action, target, reason, changes, outcome, code, request_id
  FROM log`;

type Row = Record<string, SqlStorageValue>;

export class LogTable {
  readonly #sql: SqlStorage;
  readonly #limit: number;

  constructor(sql: SqlStorage, limit = MAX_ENTRIES) {
    this.#sql = sql;
    this.#limit = limit;
  }

  /** Writes an entry with the outcome `unknown`. Returns its id, or that of the entry with the same key. */
  begin({ actor, action, target, reason, changes, requestId, key }: NewEntry, now: number): number {
    const [row] = this.#sql
      .exec(
        `INSERT INTO log (at, actor, role, action, target, reason, changes, outcome, request_id, key)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'unknown', ?, ?)
          ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING id`,
        now,
        actor.name,
        actor.role,
        action,
        target.slice(0, MAX_TARGET),
        reason ?? null,
        JSON.stringify(changes),
        requestId,
        key ?? null,
      )
      .toArray();
    if (!row) return this.#sql.exec("SELECT id FROM log WHERE key = ?", key).one().id as number;
    this.#sql.exec("DELETE FROM log WHERE id <= ?", (row.id as number) - this.#limit);
    return row.id as number;
  }

  /**
   * Notes what became of an action. The first known outcome of an entry is final. A refused action gives its key back, because
   * the next request with it is another attempt.
   */
  complete(id: number, { outcome, code, changes }: Completion): void {
    this.#sql.exec(
      `UPDATE log SET outcome = ?, code = ?, changes = ?, key = iif(? = 'refused', NULL, key)
        WHERE id = ? AND outcome = 'unknown'`,
      outcome,
      code ?? null,
      JSON.stringify(changes),
      outcome,
      id,
    );
  }

  /** The number of entries with this action and target since a time (milliseconds), except those that were refused. */
  count(action: Action, target: Target, since: number): number {
    const query = `SELECT count(*) AS n FROM log
      WHERE target = ? AND action = ? AND at >= ? AND outcome <> 'refused'`;
    return this.#sql.exec(query, target, action, since).one().n as number;
  }

  /** A page of entries, newest first: those before the id `before`, and about `target` if one is given. */
  page(target: string | undefined, before: number | undefined, limit: number): LogEntry[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    const cursor =
      target === undefined
        ? this.#sql.exec(`${SELECT} WHERE id < ? ORDER BY id DESC LIMIT ?`, below, limit)
        : this.#sql.exec(
            `${SELECT} WHERE target = ? AND id < ? ORDER BY id DESC LIMIT ?`,
            target,
            below,
            limit,
          );
    return cursor.toArray().map(toEntry);
  }
}

const toEntry = (row: Row): LogEntry => ({
  id: row.id as number,
  at: new Date(row.at as number).toISOString(),
  actor: { name: row.actor as string, role: row.role as Operator["role"] },
  action: row.action as LogEntry["action"],
  target: row.target as Target,
  ...(row.reason === null ? {} : { reason: row.reason as string }),
  changes: JSON.parse(row.changes as string) as Change[],
  outcome: row.outcome as LogEntry["outcome"],
  ...(row.code === null ? {} : { code: row.code as string }),
  requestId: row.request_id as string,
});

// The tables of the webhook desk: whether the receiver is gone, and the replays.
import type { Replay } from "./replay.ts";

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE receiver (id INTEGER PRIMARY KEY CHECK (id = 1), hash TEXT NOT NULL, gone_at INTEGER NOT NULL);
CREATE TABLE replays (key TEXT PRIMARY KEY, started_at INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID`,
];

/** Replays that are kept, so that a repeated request finds its own. */
const MAX_REPLAYS = 100;

export class WebhookDeskTables {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Since when a receiver is gone: milliseconds. */
  goneAt(hash: string): number | null {
    const [row] = this.#sql.exec("SELECT gone_at FROM receiver WHERE hash = ?", hash).toArray();
    return (row?.gone_at ?? null) as number | null;
  }

  /** Notes that a receiver is gone, in place of the one before. */
  saveGone(hash: string, at: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO receiver VALUES (1, ?, ?)", hash, at);
  }

  forgetGone(): void {
    this.#sql.exec("DELETE FROM receiver");
  }

  /** All replays, the newest first. */
  replays(): Replay[] {
    return this.#read("SELECT document FROM replays ORDER BY started_at DESC, key");
  }

  replay(key: string): Replay | undefined {
    return this.#read("SELECT document FROM replays WHERE key = ?", key)[0];
  }

  /** Stores a replay, and forgets the oldest ones that have ended. */
  saveReplay(replay: Replay): void {
    const { key, startedAt } = replay;
    const document = JSON.stringify(replay);
    this.#sql.exec("INSERT OR REPLACE INTO replays VALUES (?, ?, ?)", key, startedAt, document);
    for (const old of this.replays().slice(MAX_REPLAYS)) {
      if (old.endedAt !== null) this.#sql.exec("DELETE FROM replays WHERE key = ?", old.key);
    }
  }

  #read(query: string, ...bindings: SqlStorageValue[]): Replay[] {
    return this.#sql
      .exec(query, ...bindings)
      .toArray()
      .map(({ document }) => JSON.parse(document as string));
  }
}

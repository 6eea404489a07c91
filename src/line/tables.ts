// The tables of a line's object: the line itself, the arrivals, and the history of its frontier.
import type { Arrival } from "../admission/client.ts";
import type { FrontierStep } from "../admission/draw.ts";
import { ArrivalSample } from "./arrival-sample.ts";
import type { Line } from "./line.ts";

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE line (
  id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, line TEXT);
CREATE TABLE arrivals (
  id INTEGER PRIMARY KEY CHECK (id = 1), level INTEGER NOT NULL, entries BLOB NOT NULL);
CREATE TABLE history (at INTEGER PRIMARY KEY, frontier REAL NOT NULL)`,
];

export class LineTables {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The revision of the sale that was applied last, and the line. Null if there never was one. */
  load(): { revision: number; line: Line | null } {
    const [row] = this.#sql.exec("SELECT revision, line FROM line").toArray();
    return {
      revision: (row?.revision ?? 0) as number,
      line: JSON.parse((row?.line ?? "null") as string),
    };
  }

  save(revision: number, line: Line | null): void {
    const text = line && JSON.stringify(line);
    this.#sql.exec("INSERT OR REPLACE INTO line VALUES (1, ?, ?)", revision, text);
  }

  loadArrivals(): ArrivalSample {
    const [row] = this.#sql.exec("SELECT level, entries FROM arrivals").toArray();
    if (!row) return new ArrivalSample();
    const numbers = new Float64Array(row.entries as ArrayBuffer);
    const entries = Array.from(
      { length: numbers.length / 2 },
      (_, index): Arrival => [numbers[2 * index] as number, numbers[2 * index + 1] as number],
    );
    return new ArrivalSample({ level: row.level as number, entries });
  }

  /** As pairs of 64-bit floats, which takes 64 KiB at most. */
  saveArrivals(sample: ArrivalSample): void {
    const { buffer } = new Float64Array(sample.entries().flat());
    this.#sql.exec("INSERT OR REPLACE INTO arrivals VALUES (1, ?, ?)", sample.level, buffer);
  }

  /** The steps of the frontier, in order. */
  history(): FrontierStep[] {
    const rows = this.#sql.exec("SELECT at, frontier FROM history ORDER BY at").toArray();
    return rows.map(({ at, frontier }): FrontierStep => [at as number, frontier as number]);
  }

  addStep([at, frontier]: FrontierStep): void {
    this.#sql.exec("INSERT INTO history VALUES (?, ?)", at, frontier);
  }

  /** Forgets the arrivals and the history of a former line. */
  clear(): void {
    this.#sql.exec("DELETE FROM arrivals");
    this.#sql.exec("DELETE FROM history");
  }
}

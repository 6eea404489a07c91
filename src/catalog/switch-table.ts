// The registry's table of switches: one row for each that is not at its default.
import { switchKey } from "./decide-switches.ts";
import type { RegisteredSwitch } from "./switches.ts";

export class SwitchTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** All rows, including those of switches that have ended since the last change. */
  all(): RegisteredSwitch[] {
    return [...this.#sql.exec("SELECT document FROM switches")].map(({ document }) =>
      JSON.parse(document as string),
    );
  }

  /** Stores exactly these switches. */
  replace(switches: readonly RegisteredSwitch[]): void {
    this.#sql.exec("DELETE FROM switches");
    for (const each of switches) {
      this.#sql.exec(
        "INSERT INTO switches (key, document) VALUES (?, ?)",
        switchKey(each),
        JSON.stringify(each),
      );
    }
  }
}

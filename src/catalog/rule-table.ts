// The registry's table of deny and allow rules.
import type { RegisteredRule } from "./registry-types.ts";

export class RuleTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): RegisteredRule[] {
    return [...this.#sql.exec("SELECT name, text FROM rules")].map((row) => ({
      name: row.name as string,
      text: row.text as string,
    }));
  }

  put(name: string, text: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO rules (name, text) VALUES (?, ?)", name, text);
  }

  /** Returns whether the rule existed. */
  remove(name: string): boolean {
    return this.#sql.exec("DELETE FROM rules WHERE name = ?", name).rowsWritten > 0;
  }

  /** Removes a rule unless its text has changed since it was read. */
  removeUnchanged({ name, text }: RegisteredRule): void {
    this.#sql.exec("DELETE FROM rules WHERE name = ? AND text = ?", name, text);
  }
}

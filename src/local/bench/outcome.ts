// Measures one row after another. A row that fails does not lose the results of the others.
import type { Row } from "./row.ts";
import type { Testbed } from "./testbed.ts";

/** The result of one row, or why there is none. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; reason: string };

/**
 * Calls `measure` for each row in turn, and writes progress to stderr.
 *
 * @returns one outcome per row, in the order of the rows; never rejects because of a row
 */
export async function measureRows<T>(
  testbed: Testbed,
  rows: Row[],
  measure: (testbed: Testbed, row: Row) => Promise<T>,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
  for (const row of rows) {
    process.stderr.write(`${row.name} `);
    try {
      outcomes.push({ ok: true, value: await measure(testbed, row) });
      process.stderr.write("\n");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      outcomes.push({ ok: false, reason });
      process.stderr.write("failed\n");
      // Orders of the failed row must not slow the next one. The failure above is the one to report.
      await row.subject.drain?.(testbed).catch(() => {});
    }
  }
  return outcomes;
}

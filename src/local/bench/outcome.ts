// Measures one row after another. A row that fails does not lose the results of the others.
import type { Row } from "./row.ts";
import type { Testbed } from "./testbed.ts";

/** The result of one row, or why there is none. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; reason: string };

/** The outcome of one measurement. Never rejects. */
export async function outcomeOf<T>(measure: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await measure() };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

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
    const outcome = await outcomeOf(() => measure(testbed, row));
    outcomes.push(outcome);
    process.stderr.write(outcome.ok ? "\n" : "failed\n");
    // Orders of a failed row must not slow the next one. The failure above is the one to report.
    if (!outcome.ok) await row.subject.drain?.(testbed).catch(() => {});
  }
  return outcomes;
}

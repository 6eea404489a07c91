// Measures what counting costs: Doorbuster as it is deployed, against the same code with counting turned off. Both run at the
// same time, and rounds alternate.
import { median } from "../stats.ts";
import { ORDER_ROWS } from "./order-rows.ts";
import { PAGE_ROWS } from "./page-rows.ts";
import { REFUSAL_ROWS } from "./refusal-rows.ts";
import type { Row } from "./row.ts";
import { type Testbed, withTestbed } from "./testbed.ts";
import { type Measurement, time } from "./timing.ts";

const UNCOUNTED = "src/local/bench/uncounted-worker.ts";
const NAMES = ["sale page", "live stock", "refused: sold out", "order accepted"];

/** What counting adds to one request. Medians over the rounds. */
export interface CountingCost {
  name: string;
  /** CPU time of workerd for one request. */
  cpuMicros: number;
  uncountedCpuMicros: number;
  /** How much more CPU time counting takes: 0.01 is one percent. */
  share: number;
}

/** @param rounds rounds of each row; rows with short rounds run more */
export async function measureCounting(rounds: number): Promise<CountingCost[]> {
  const rows = [...PAGE_ROWS, ...REFUSAL_ROWS, ...ORDER_ROWS].filter(({ name }) =>
    NAMES.includes(name),
  );
  return withTestbed("src/index.ts", (counted) =>
    withTestbed(UNCOUNTED, async (uncounted) => {
      const costs: CountingCost[] = [];
      for (const row of rows) costs.push(await compare(row, rounds, counted, uncounted));
      return costs;
    }),
  );
}

async function compare(
  row: Row,
  rounds: number,
  counted: Testbed,
  uncounted: Testbed,
): Promise<CountingCost> {
  for (const testbed of [counted, uncounted]) await row.prepare?.(testbed);
  const pairs: { with: Measurement; without: Measurement }[] = [];
  // Round 0 warms up and is dropped. The two take turns in going first.
  for (let round = 0; round <= rounds * (row.roundMultiplier ?? 1); round += 1) {
    const first = round % 2 === 0 ? await time(uncounted, row.subject, row) : undefined;
    const measured = await time(counted, row.subject, row);
    pairs.push({
      with: measured,
      without: first ?? (await time(uncounted, row.subject, row)),
    });
  }
  const kept = pairs.slice(1);
  return {
    name: row.name,
    cpuMicros: median(kept.map((pair) => pair.with.cpuMicros)),
    uncountedCpuMicros: median(kept.map((pair) => pair.without.cpuMicros)),
    share: median(kept.map((pair) => pair.with.cpuMicros / pair.without.cpuMicros)) - 1,
  };
}

// Measures what counting costs: Doorbuster as it is deployed, against the same isolate with counting switched off. Rounds
// alternate, so that each pair runs under the same conditions.
import { type Interval, median, medianInterval } from "../stats.ts";
import { ORDER_ROWS } from "./order-rows.ts";
import { PAGE_ROWS } from "./page-rows.ts";
import { REFUSAL_ROWS } from "./refusal-rows.ts";
import type { Row } from "./row.ts";
import { type Testbed, withTestbed } from "./testbed.ts";
import { type Measurement, time } from "./timing.ts";

const NAMES = ["sale page", "live stock", "refused: sold out", "order accepted"];
/** For each requested round: the difference is small, and only many pairs tell it from noise. */
const PAIRS_PER_ROUND = 10;

/** What counting adds to one request. Medians over the pairs of rounds. */
export interface CountingCost {
  name: string;
  /** CPU time of workerd for one request. */
  cpuMicros: number;
  uncountedCpuMicros: number;
  /** How much more CPU time counting takes: 0.01 is one percent. */
  share: number;
  /** The bounds between which the share is with a confidence of 95 %. */
  between: Interval;
}

export async function measureCounting(rounds: number): Promise<CountingCost[]> {
  const rows = [...PAGE_ROWS, ...REFUSAL_ROWS, ...ORDER_ROWS].filter(({ name }) =>
    NAMES.includes(name),
  );
  return withTestbed("src/local/bench/meter-switch-worker.ts", async (testbed) => {
    const costs: CountingCost[] = [];
    for (const row of rows) costs.push(await compare(testbed, row, rounds * PAIRS_PER_ROUND));
    return costs;
  });
}

async function compare(testbed: Testbed, row: Row, pairCount: number): Promise<CountingCost> {
  await row.prepare?.(testbed);
  const measure = async (state: "on" | "off"): Promise<Measurement> => {
    await fetch(new URL(`/bench/counting/${state}`, testbed.doorbuster));
    return time(testbed, row.subject, row);
  };
  const pairs: { with: number; without: number }[] = [];
  // Pair 0 warms up and is dropped. The two take turns in going first.
  for (let pair = 0; pair <= pairCount; pair += 1) {
    const first = pair % 2 === 0 ? await measure("off") : undefined;
    const counted = await measure("on");
    const uncounted = first ?? (await measure("off"));
    pairs.push({ with: counted.cpuMicros, without: uncounted.cpuMicros });
  }
  const kept = pairs.slice(1);
  const shares = kept.map((pair) => pair.with / pair.without - 1);
  return {
    name: row.name,
    cpuMicros: median(kept.map((pair) => pair.with)),
    uncountedCpuMicros: median(kept.map((pair) => pair.without)),
    share: median(shares),
    between: medianInterval(shares),
  };
}

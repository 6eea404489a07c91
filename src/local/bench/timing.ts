// Times each row: subject and baseline alternate, round by round, on one workerd.
import { workerdCpuMicros } from "./cpu.ts";
import { sendAll } from "./load-generator.ts";
import { measureRows, type Outcome } from "./outcome.ts";
import type { Load, Row } from "./row.ts";
import type { Testbed } from "./testbed.ts";

/** The speed of one load in one round. */
export interface Measurement {
  perSecond: number;
  /** CPU time of workerd for one operation. NaN if the system does not report it. */
  cpuMicros: number;
}

/** One round of a row. */
export interface Round {
  subject: Measurement;
  baseline?: Measurement | undefined;
}

/** Times all rows. A row's result has `rounds` times its `roundMultiplier` rounds. */
export function timeRows(
  testbed: Testbed,
  rows: Row[],
  rounds: number,
): Promise<Outcome<Round[]>[]> {
  return measureRows(testbed, rows, (_, row) => timeRow(testbed, row, rounds));
}

async function timeRow(testbed: Testbed, row: Row, count: number): Promise<Round[]> {
  await row.prepare?.(testbed);
  const { roundMultiplier = 1, subject, baseline } = row;
  const rounds: Round[] = [];
  // Round 0 warms up and is dropped. The two loads take turns in going first.
  for (let round = 0; round <= count * roundMultiplier; round += 1) {
    const first = baseline && round % 2 === 0 ? await time(testbed, baseline, row) : undefined;
    const measured = await time(testbed, subject, row);
    rounds.push({
      subject: measured,
      baseline: first ?? (baseline && (await time(testbed, baseline, row))),
    });
    if (round % roundMultiplier === 0) process.stderr.write(".");
  }
  return rounds.slice(1);
}

/** Times one round of a load. */
export async function time(testbed: Testbed, load: Load, row: Row): Promise<Measurement> {
  const { requestsPerRound, operationsPerRequest = 1 } = row;
  const requests = await load.requests(testbed, requestsPerRound);
  const cpuBefore = workerdCpuMicros();
  const seconds = await sendAll(testbed[load.worker], requests, load.status);
  const cpuMicros = workerdCpuMicros() - cpuBefore;
  await load.drain?.(testbed);
  const operations = requestsPerRound * operationsPerRequest;
  return { perSecond: operations / seconds, cpuMicros: cpuMicros / operations };
}

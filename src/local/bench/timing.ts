// How fast each row is: ours and bare driven in turn, round by round, on one workerd.
import { workerdMicroseconds } from "./cpu.ts";
import { drive } from "./drive.ts";
import type { Row, Side } from "./rows.ts";
import { type Stage, settled, startStage } from "./stage.ts";

/** How one side did in one round. */
export interface Pace {
  perSecond: number;
  /** Processor time of workerd for one; NaN where it cannot be read. */
  microseconds: number;
}

export interface Round {
  ours: Pace;
  bare?: Pace | undefined;
}

/** The rounds of all rows, in their order. */
export async function timeRows(rows: Row[], rounds: number): Promise<Round[][]> {
  const stage = await startStage();
  const timings: Round[][] = [];
  try {
    for (const row of rows) {
      timings.push(await timeRow(stage, row, rounds));
    }
  } finally {
    await stage.stop();
  }
  return timings;
}

async function timeRow(stage: Stage, row: Row, count: number): Promise<Round[]> {
  process.stderr.write(`${row.name} `);
  await row.prepare?.(stage);
  const rounds: Round[] = [];
  const { repeats = 1 } = row;
  // Round 0 warms up and is not counted; who goes first alternates.
  for (let round = 0; round <= count * repeats; round++) {
    const early = row.bare && round % 2 === 0 ? await pace(stage, row.bare, row) : undefined;
    const ours = await pace(stage, row.ours, row);
    const bare = early ?? (row.bare && (await pace(stage, row.bare, row)));
    rounds.push({ ours, bare });
    if (round % repeats === 0) process.stderr.write(".");
  }
  process.stderr.write("\n");
  return rounds.slice(1);
}

async function pace(stage: Stage, side: Side, { perRound, worth = 1 }: Row): Promise<Pace> {
  const shots = await side.shots(stage, perRound);
  const before = workerdMicroseconds();
  const seconds = await drive(stage[side.at], shots, side.status);
  const microseconds = workerdMicroseconds() - before;
  if (side.status === 202) await settled(stage); // no other answer leaves work behind
  const count = perRound * worth;
  return { perSecond: count / seconds, microseconds: microseconds / count };
}

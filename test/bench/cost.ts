// What one request of a row costs, counted on the counted build: trips, calls, rows, messages.
import type { Counts } from "./counted.ts";
import { drive } from "./drive.ts";
import type { Row } from "./rows.ts";
import { type Stage, settled, startStage } from "./stage.ts";

/** Requests a cost is averaged over; what happens once a batch comes out as a fraction. */
const SAMPLE = 200;

/** Per request. `behind` is what follows the answer: the consumer's work and the object's own. */
export interface CostPerRequest {
  redisTrips: { request: number; behind: number };
  redisCommands: { request: number; behind: number };
  objectCalls: { request: number; behind: number };
  rowsWritten: number;
  alarmsSet: number;
  queueMessages: number;
}

/** The costs of all rows, in their order. */
export async function countCosts(rows: Row[]): Promise<CostPerRequest[]> {
  const stage = await startStage("test/bench/counted.ts");
  const costs: CostPerRequest[] = [];
  try {
    for (const row of rows) {
      costs.push(await countCost(stage, row));
    }
  } finally {
    await stage.stop();
  }
  return costs;
}

async function countCost(stage: Stage, { prepare, ours }: Row): Promise<CostPerRequest> {
  await prepare?.(stage);
  const target = stage[ours.at];
  // The first requests fill caches, and are not the ones to count.
  await drive(target, await ours.shots(stage, 10), ours.status);
  await settled(stage);
  await takeCounts(stage);
  const before = stage.bridge.stats.roundTrips;
  await drive(target, await ours.shots(stage, SAMPLE), ours.status);
  await settled(stage);
  const trips = stage.bridge.stats.roundTrips - before;
  const counts = await takeCounts(stage);
  const per = (name: keyof Counts) => (counts[name] ?? 0) / SAMPLE;
  const counted = (counts["request.roundTrips"] ?? 0) + (counts["behind.roundTrips"] ?? 0);
  if (counted !== trips) {
    throw new Error(`The Worker counted ${counted} Redis trips, the bridge ${trips}.`);
  }
  const split = (cost: "roundTrips" | "commands" | "objectCalls") => ({
    request: per(`request.${cost}`),
    behind: per(`behind.${cost}`),
  });
  return {
    redisTrips: split("roundTrips"),
    redisCommands: split("commands"),
    objectCalls: split("objectCalls"),
    rowsWritten: per("behind.rowsWritten"),
    alarmsSet: per("behind.alarms"),
    queueMessages: per("behind.messages"),
  };
}

async function takeCounts({ ours }: Stage): Promise<Partial<Counts>> {
  const answer = await fetch(new URL("/bench/counts", ours));
  return (await answer.json()) as Partial<Counts>;
}

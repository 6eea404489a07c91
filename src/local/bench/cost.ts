// What one request of a row costs, counted on the counted build: trips, calls, rows, messages.
import type { Cost, Counts, Where } from "./counting-worker.ts";
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
  /** What the consumer did for each batch; undefined where the row gave it nothing to do. */
  perBatch?: { orders: number; redisTrips: number; objectCalls: number };
}

/** The costs of those rows that are about the Worker as a whole; undefined for the others. */
export async function countCosts(rows: Row[]): Promise<(CostPerRequest | undefined)[]> {
  const stage = await startStage("src/local/bench/counting-worker.ts");
  const costs: (CostPerRequest | undefined)[] = [];
  try {
    for (const row of rows) {
      costs.push(row.ours.at === "ours" ? await countCost(stage, row) : undefined);
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
  // What the edge knows of a SKU's stock is forgotten after two seconds without a request.
  if (ours.status >= 400) await drive(target, await ours.shots(stage, 10), ours.status);
  await takeCounts(stage);
  const { roundTrips: before } = await stage.redis.stats();
  await drive(target, await ours.shots(stage, SAMPLE), ours.status);
  await settled(stage);
  const trips = (await stage.redis.stats()).roundTrips - before;
  const counts = await takeCounts(stage);
  const of = (where: Where, cost: Cost) => counts[`${where}.${cost}`] ?? 0;
  const behind = (cost: Cost) => of("consumer", cost) + of("behind", cost);
  const counted = of("request", "roundTrips") + behind("roundTrips");
  if (counted !== trips) {
    throw new Error(`The Worker counted ${counted} Redis trips, the bridge ${trips}.`);
  }
  const split = (cost: Cost) => ({
    request: of("request", cost) / SAMPLE,
    behind: behind(cost) / SAMPLE,
  });
  const batches = of("consumer", "batches");
  return {
    redisTrips: split("roundTrips"),
    redisCommands: split("commands"),
    objectCalls: split("objectCalls"),
    rowsWritten: behind("rowsWritten") / SAMPLE,
    alarmsSet: behind("alarms") / SAMPLE,
    queueMessages: behind("messages") / SAMPLE,
    ...(behind("messages") > 0 && {
      perBatch: {
        orders: behind("messages") / batches,
        redisTrips: of("consumer", "roundTrips") / batches,
        objectCalls: of("consumer", "objectCalls") / batches,
      },
    }),
  };
}

async function takeCounts({ ours }: Stage): Promise<Partial<Counts>> {
  const answer = await fetch(new URL("/bench/counts", ours));
  return (await answer.json()) as Partial<Counts>;
}

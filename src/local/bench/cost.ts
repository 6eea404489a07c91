// Counts what one request of a row costs: Redis round trips, object calls (those of objects to each other included), rows
// written, and queue messages. Runs on a build of Doorbuster that counts at every binding, and is never timed.
import type { Counts, Phase, Unit } from "./counting-worker.ts";
import { sendAll } from "./load-generator.ts";
import { measureRows, type Outcome } from "./outcome.ts";
import type { Row } from "./row.ts";
import { type Testbed, waitUntilRedisIsUsed, waitUntilSettled } from "./testbed.ts";

/** How many requests a cost is averaged over. */
const SAMPLE = 200;
const WARM_UP = 10;
/** Requests in flight: few, so that Redis answers in time and no request is decided without it. */
const CONNECTIONS = 4;

/** A cost before the response, and after it: the consumer's work and the object's background work. */
export interface SplitCost {
  before: number;
  after: number;
}

/** Averages per request. */
export interface CostPerRequest {
  redisTrips: SplitCost;
  redisCommands: SplitCost;
  objectCalls: SplitCost;
  rowsWritten: number;
  alarmsSet: number;
  queueMessages: number;
  /** Messages written, delivered and acknowledged. */
  queueOperations: number;
  /** What the consumer did per batch. Absent if the row sent no messages. */
  perBatch?: { orders: number; redisTrips: number; objectCalls: number };
}

/** Counts the costs of all rows that send requests to Doorbuster. The value of other rows is undefined. */
export function countCosts(
  testbed: Testbed,
  rows: Row[],
): Promise<Outcome<CostPerRequest | undefined>[]> {
  return measureRows(testbed, rows, async (_, row) =>
    row.subject.worker === "doorbuster" ? countCost(testbed, row) : undefined,
  );
}

async function countCost(testbed: Testbed, row: Row): Promise<CostPerRequest> {
  const { subject } = row;
  const send = async (count: number) =>
    sendAll(
      testbed.doorbuster,
      await subject.requests(testbed, count),
      subject.status,
      CONNECTIONS,
    );
  await row.prepare?.(testbed);
  // The first requests fill caches.
  await send(WARM_UP);
  await waitUntilSettled(testbed);
  await waitUntilRedisIsUsed(testbed);
  // The edge drops the stock of a SKU after two seconds without a request, so fill that cache again.
  if (subject.status >= 400) await send(WARM_UP);
  await takeCounts(testbed);
  const { roundTrips: tripsBefore } = await testbed.redis.stats();
  await send(SAMPLE);
  await waitUntilSettled(testbed);
  const { roundTrips } = await testbed.redis.stats();
  const counts = await takeCounts(testbed);
  const trips = totalOf(counts, "roundTrips") + countOf(counts, "ticks", "roundTrips");
  // Two independent counts must agree, or the Worker bypassed its counters.
  if (trips !== roundTrips - tripsBefore) {
    throw new Error(`Worker counted ${trips} Redis trips, bridge ${roundTrips - tripsBefore}`);
  }
  return averagesOf(counts);
}

const totalOf = (counts: Partial<Counts>, unit: Unit): number =>
  countOf(counts, "request", unit) + afterResponse(counts, unit);

const afterResponse = (counts: Partial<Counts>, unit: Unit): number =>
  countOf(counts, "consumer", unit) + countOf(counts, "background", unit);

const countOf = (counts: Partial<Counts>, phase: Phase, unit: Unit): number =>
  counts[`${phase}.${unit}`] ?? 0;

function averagesOf(counts: Partial<Counts>): CostPerRequest {
  const split = (unit: Unit): SplitCost => ({
    before: countOf(counts, "request", unit) / SAMPLE,
    after: afterResponse(counts, unit) / SAMPLE,
  });
  const messages = totalOf(counts, "messages");
  const batches = countOf(counts, "consumer", "batches");
  return {
    redisTrips: split("roundTrips"),
    redisCommands: split("commands"),
    objectCalls: split("objectCalls"),
    rowsWritten: afterResponse(counts, "rowsWritten") / SAMPLE,
    alarmsSet: afterResponse(counts, "alarms") / SAMPLE,
    queueMessages: messages / SAMPLE,
    queueOperations: totalOf(counts, "queueOperations") / SAMPLE,
    ...(messages > 0 && {
      perBatch: {
        orders: countOf(counts, "consumer", "batchMessages") / batches,
        redisTrips: countOf(counts, "consumer", "roundTrips") / batches,
        objectCalls: countOf(counts, "consumer", "objectCalls") / batches,
      },
    }),
  };
}

/** Reads the counts of the Worker and resets them. */
async function takeCounts({ doorbuster }: Testbed): Promise<Partial<Counts>> {
  const response = await fetch(new URL("/bench/counts", doorbuster));
  return (await response.json()) as Partial<Counts>;
}

// Calls the objects that merge counts.
import type { Frame } from "./frame.ts";

export interface MetricsEnv {
  METRICS: DurableObjectNamespace;
}

/**
 * How many objects share the counts. A thousand isolates make at most 500 calls a second, so each object gets about 60,
 * where it could take several hundred.
 */
export const SHARDS = 8;

/** The counts of an isolate since its last batch. Numbers count from 1 and leave no gap. */
export interface Batch {
  number: number;
  frame: Frame;
}

/** A range of time. Times are milliseconds. */
export interface Range {
  from: number;
  /** The first moment that is not read. Absent: up to now. */
  to?: number;
  /** At least a bucket: 5 seconds. From a minute on, the range may go back a month. */
  step: number;
}

/** The knowledge of one shard. */
export interface ShardReading {
  /** What was counted in each step of the range that has any counts, by its start. */
  frames: [at: number, frame: Frame][];
  /** Everything counted so far, and the latest reading of each gauge. */
  totals: Frame;
  /** Batches that isolates sent and a restart of the shard lost. */
  lost: number;
}

export interface ShardStub {
  /** Adds each batch once. `sender`: the isolate. Its batches arrive in order, and any of them may be repeated. */
  add(sender: string, batches: Batch[]): Promise<void>;
  read(range: Range): Promise<ShardReading>;
}

/** A new stub each time, because a stub that threw is dead. */
export const shardOf = ({ METRICS }: MetricsEnv, shard: number): ShardStub =>
  METRICS.getByName(`shard-${shard}`) as unknown as ShardStub;

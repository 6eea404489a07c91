// A row of the benchmark: the load on Doorbuster and the load on the comparator that it is measured against.
import type { RequestSpec } from "./load-generator.ts";
import type { Testbed } from "./testbed.ts";

/** Requests to one Worker. */
export interface Load {
  /** The Worker that receives the requests. */
  worker: "doorbuster" | "comparator";
  /** The status that every response must have. */
  status: number;
  /** Builds `count` requests. They are new where a repeated request would take another path. */
  requests(testbed: Testbed, count: number): RequestSpec[] | Promise<RequestSpec[]>;
  /** Waits for the work that outlives the responses, so that it does not slow the next round. */
  drain?(testbed: Testbed): Promise<void>;
}

/** A comparison. Its result is the speed of `subject` divided by the speed of `baseline`. */
export interface Row {
  name: string;
  /** Requests of each load in one round. */
  requestsPerRound: number;
  /** How many rounds the row runs for each requested round. Default 1. */
  roundMultiplier?: number;
  /** How many operations one request counts as in the results. Default 1. */
  operationsPerRequest?: number;
  subject: Load;
  /** Absent where no bare Worker does the same. */
  baseline?: Load & { name: string };
  /** Runs once per testbed, before the first round. */
  prepare?(testbed: Testbed): Promise<void>;
}

/** The number of distinct callers in rows that reuse their callers. */
export const CALLERS = 300;

/**
 * For requests that leave no work behind. Rounds are short, so that both loads run under the same conditions of a
 * shared machine. There are many of them, so that the median is stable.
 */
export const SHORT_ROUNDS = { requestsPerRound: CALLERS, roundMultiplier: 10 };

/** A row's name together with its baseline's. */
export const labelOf = ({ name, baseline }: Row): string =>
  baseline ? `${name} ÷ ${baseline.name}` : name;

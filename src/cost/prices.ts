// The list prices of the platform and of Redis, and what their plans include. Nothing else states a price.

/** When the prices were read, and where. */
export const CHECKED = "November 2026";
export const SOURCES =
  `List prices of ${CHECKED}: developers.cloudflare.com/workers/platform/pricing, ` +
  "developers.cloudflare.com/durable-objects/platform/pricing, developers.cloudflare.com/queues/platform/pricing, " +
  "upstash.com/pricing/redis";

interface Price {
  name: string;
  /** US dollars for one. */
  dollars: number;
  /** Included in Workers Paid, per month. */
  included: number;
  /** The limit of Workers Free: per day, or altogether for storage. For Redis, the limit of Upstash's free plan per month. */
  free: number;
}

const MILLION = 1_000_000;

export const PRICES = {
  requests: { name: "Requests", dollars: 0.3 / MILLION, included: 10 * MILLION, free: 100_000 },
  /** Milliseconds. Workers Free limits each request instead of their sum. */
  cpuMs: {
    name: "CPU time (ms)",
    dollars: 0.02 / MILLION,
    included: 30 * MILLION,
    free: Number.POSITIVE_INFINITY,
  },
  objectCalls: {
    name: "Calls of objects",
    dollars: 0.15 / MILLION,
    included: MILLION,
    free: 100_000,
  },
  objectGbSeconds: {
    name: "Objects in memory (GB-s)",
    dollars: 12.5 / MILLION,
    included: 400_000,
    free: 13_000,
  },
  rowsRead: {
    name: "Rows read by objects",
    dollars: 0.001 / MILLION,
    included: 25_000 * MILLION,
    free: 5 * MILLION,
  },
  rowsWritten: {
    name: "Rows written by objects",
    dollars: 1 / MILLION,
    included: 50 * MILLION,
    free: 100_000,
  },
  storedGb: { name: "Stored for a month (GB)", dollars: 0.2, included: 5, free: 5 },
  queueOperations: {
    name: "Queue operations",
    dollars: 0.4 / MILLION,
    included: MILLION,
    free: 10_000,
  },
  redisCommands: { name: "Redis commands", dollars: 2 / MILLION, included: 0, free: 500_000 },
} as const satisfies Record<string, Price>;

export type Part = keyof typeof PRICES;
export const PARTS = Object.keys(PRICES) as Part[];

/** US dollars a month: Workers Paid, and Upstash's smallest fixed plan, which bills no commands. */
export const WORKERS_PAID = 5;
export const REDIS_FIXED = 10;

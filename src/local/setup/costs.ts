// What a deployment costs, from the providers' list prices. Checked in November 2026: "Pricing" of Cloudflare Workers, of
// Durable Objects and of Queues, and Upstash's page "Redis pricing (pay as you go)".
import { formatNumber } from "../terminal-format.ts";

/** US dollars per month for the Workers Paid plan. */
export const BASE = 5;

/** US dollars per million, beyond what the plan includes. */
export const PER_MILLION = {
  requests: 0.3,
  cpuMs: 0.02,
  objectRequests: 0.15,
  rowsWritten: 1,
  queueOperations: 0.4,
  redisCommands: 2,
} as const;

export interface Usage {
  requests: number;
  /** Attempts that reach the limits, accepted orders included. */
  attempts: number;
  /** Accepted free orders. A paid one makes two more calls of objects and sends one more message. */
  orders: number;
}

/** Assumed CPU time of a request on average, in milliseconds. */
const CPU_MS = 5;
/** By Upstash's count, with fixed windows. */
const REDIS_COMMANDS_PER_ATTEMPT = 6;
const ROWS_PER_ORDER = 4;
/** A message is written, delivered and acknowledged. */
const OPERATIONS_PER_ORDER = 3;

/** US dollars for an event, as if nothing were included in the plan. */
export function eventCost({ requests, attempts, orders }: Usage): number {
  const millionths =
    requests * (PER_MILLION.requests + CPU_MS * PER_MILLION.cpuMs) +
    attempts * PER_MILLION.objectRequests +
    attempts * REDIS_COMMANDS_PER_ATTEMPT * PER_MILLION.redisCommands +
    orders * ROWS_PER_ORDER * PER_MILLION.rowsWritten +
    orders * OPERATIONS_PER_ORDER * PER_MILLION.queueOperations;
  return millionths / 1_000_000;
}

const EXAMPLE: Usage = { requests: 1_000_000, attempts: 50_000, orders: 10_000 };

/** The lines that setup prints. */
export const costLines = (): string[] => [
  `Costs: $${BASE} a month for Workers Paid. A drop with ${formatNumber(EXAMPLE.requests)} requests, of which`,
  `${formatNumber(EXAMPLE.attempts)} try to buy and ${formatNumber(EXAMPLE.orders)} succeed, costs about $${formatNumber(eventCost(EXAMPLE), 2)} more at list prices`,
  "(November 2026), payments excluded. README, Limits and costs, has the price of each thing.",
];

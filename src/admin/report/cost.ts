// Estimates what the time of a sale cost, from counters and list prices. Pure.
import type { MetricName } from "../../observability/series.ts";
import { countOf, type Entry, sumOf } from "./entries.ts";

/** An estimate for the whole deployment, in US dollars, without what the plans include. */
export interface Cost {
  items: { name: string; count: number; dollars: number }[];
  dollars: number;
  prices: string;
}

/** US dollars for a million, as published in November 2026. The price of Redis is that of the metric `redis_dollars`. */
const PRICES = { requests: 0.3, objectCalls: 0.15, rowsWritten: 1, queueOperations: 0.4 };
const PRICE_SOURCES =
  "List prices of November 2026: developers.cloudflare.com/workers/platform/pricing, " +
  "developers.cloudflare.com/durable-objects/platform/pricing, developers.cloudflare.com/queues/platform/pricing, " +
  "upstash.com/pricing/redis";
/** Counted by `npm run bench`: rows and messages of an accepted order until it is settled. */
const ROWS_OF_ORDER = 4;
const MESSAGES_OF_ORDER = 1;
/** Of each step of a payment: the message about its result, and the calls of the runner and the ledger. */
const MESSAGES_OF_PAYMENT = 1;
const CALLS_OF_PAYMENT = 2;
/** Written, delivered, acknowledged. */
const OPERATIONS_OF_MESSAGE = 3;

/** Attempts that became an order. */
export const acceptedOf = (counts: Entry<number>[]): number =>
  counts.reduce(
    (sum, { name, labels, value }) =>
      sum + (name === "orders" && labels.outcome === "accepted" ? value : 0),
    0,
  );

export function costOf(counts: Entry<number>[], histograms: Entry<number[]>[]): Cost {
  const measured = (wanted: MetricName): number =>
    histograms.reduce((sum, { name, value }) => sum + (name === wanted ? countOf(value) : 0), 0);
  const accepted = acceptedOf(counts);
  const payments = sumOf(counts, "payments");
  const messages = accepted * MESSAGES_OF_ORDER + payments * MESSAGES_OF_PAYMENT;
  const quantities = {
    requests: measured("http_seconds"),
    objectCalls: measured("object_seconds") + payments * CALLS_OF_PAYMENT,
    rowsWritten: accepted * ROWS_OF_ORDER,
    queueOperations: messages * OPERATIONS_OF_MESSAGE,
  };
  const items = Object.entries(quantities).map(([name, count]) => ({
    name,
    count,
    dollars: (count * PRICES[name as keyof typeof PRICES]) / 1e6,
  }));
  items.push({
    name: "redisCommands",
    count: sumOf(counts, "redis_commands"),
    dollars: sumOf(counts, "redis_dollars"),
  });
  const dollars = items.reduce((sum, item) => sum + item.dollars, 0);
  return { items, dollars, prices: PRICE_SOURCES };
}

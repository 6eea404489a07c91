// Estimates what the time of a sale cost, from its counters. Pure.
import { type Bill, billOf } from "../../cost/bill.ts";
import { SOURCES } from "../../cost/prices.ts";
import { OPERATIONS_OF_MESSAGE, ORDER, PAYMENT } from "../../cost/usage.ts";
import type { MetricName } from "../../observability/series.ts";
import { countOf, type Entry, sumOf } from "./entries.ts";

/** An estimate for the whole deployment, in US dollars, without what the plans include. */
export interface Cost extends Bill {
  prices: string;
}

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
  const bill = billOf({
    requests: measured("http_seconds"),
    objectCalls: measured("object_seconds") + payments * PAYMENT.objectCalls,
    rowsWritten: accepted * ORDER.rowsWritten,
    queueOperations:
      (accepted * ORDER.messages + payments * PAYMENT.messages) * OPERATIONS_OF_MESSAGE,
  });
  // The metric counts scripts as what Upstash bills for them.
  const redis = sumOf(counts, "redis_dollars");
  return {
    items: [
      ...bill.items,
      { name: "redisCommands", count: sumOf(counts, "redis_commands"), dollars: redis },
    ],
    dollars: bill.dollars + redis,
    prices: SOURCES,
  };
}

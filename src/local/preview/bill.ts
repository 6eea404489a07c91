// What a sale costs if everything sells, as an estimate. Pure.
import { eventCost, PER_MILLION } from "../setup/costs.ts";
import { formatNumber } from "../terminal-format.ts";

/** Assumptions about a drop: attempts that reach the limits, and requests of all kinds, for each unit that is sold. */
const ATTEMPTS_PER_UNIT = 5;
const REQUESTS_PER_UNIT = 100;
/** What a paid order adds to a free one: calls of objects, and queue operations of its second message. */
const PAID_OBJECT_REQUESTS = 2;
const PAID_QUEUE_OPERATIONS = 3;
/** When the list prices were checked. */
const CHECKED = "November 2026";

/** The part of a sale that decides what it costs. */
interface Priced {
  skus: readonly { stock: number; unitPrice: { amount: number } }[];
}

/** US dollars at list prices, payments excluded, if each order has one unit. */
export function billOf({ skus }: Priced): number {
  const unitsOf = (some: Priced["skus"]) => some.reduce((sum, { stock }) => sum + stock, 0);
  const orders = unitsOf(skus);
  const paid = unitsOf(skus.filter(({ unitPrice }) => unitPrice.amount > 0));
  const usage = {
    requests: orders * REQUESTS_PER_UNIT,
    attempts: orders * ATTEMPTS_PER_UNIT,
    orders,
  };
  const perPaid =
    PAID_OBJECT_REQUESTS * PER_MILLION.objectRequests +
    PAID_QUEUE_OPERATIONS * PER_MILLION.queueOperations;
  return eventCost(usage) + (paid * perPaid) / 1_000_000;
}

const amountOf = (dollars: number): string =>
  dollars < 0.01 ? "less than $0.01" : `about $${formatNumber(dollars, 2)}`;

/** The estimate in words. */
export function billLines(sale: Priced): string[] {
  const units = sale.skus.reduce((sum, { stock }) => sum + stock, 0);
  return [
    `If all ${formatNumber(units)} units sell, it costs ${amountOf(billOf(sale))} at list prices (${CHECKED}), beside the`,
    `monthly fee of the plan and the payments: an estimate with ${ATTEMPTS_PER_UNIT} attempts and ${REQUESTS_PER_UNIT} requests for each unit.`,
  ];
}

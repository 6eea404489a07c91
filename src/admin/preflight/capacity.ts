// Whether a sale fits the limits of the platform for the people who are expected, and what it costs. Pure. The figures are estimates that err on
// the side of a larger crowd.
import { lineSettings } from "../../admission/settings.ts";
import { protectionOf } from "../../catalog/protection.ts";
import { mostUnits, type Sale } from "../../catalog/schema.ts";
import { billOf, inDollars } from "../../cost/bill.ts";
import { CHECKED } from "../../cost/prices.ts";
import { usageOfSale } from "../../cost/usage.ts";
import { MAX_PAUSE_MS } from "../../inventory/hold-clock.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

/** Half of the people press Buy within ten seconds after the opening, unless a line admits them. */
const FIRST_SHARE = 0.5;
const FIRST_SECONDS = 10;
/** The load that one object takes per second: calls, and orders, each of which writes (200 to 500). See Cloudflare's limits. */
const OBJECT_CALLS = 1_000;
const OBJECT_ORDERS = 200;
/** Commands per second of one Upstash database, and those of an attempt by Upstash's count. */
const REDIS_COMMANDS = 10_000;
const COMMANDS_FIXED_WINDOW = 6;
const COMMANDS_OTHER = 10;
/** A buyer should not wait longer than this for a payment. */
const PATIENCE_SECONDS = 300;

const LONGEST_PAUSE_SECONDS = MAX_PAUSE_MS / 1_000;

/** Attempts per second at the peak. */
export function peakAttempts(sale: Sale, expected: number): number {
  const first = Math.ceil((expected * FIRST_SHARE) / FIRST_SECONDS);
  return Math.min(first, lineSettings(sale)?.ratePerSecond ?? first);
}

/**
 * All people may want the same SKU, so its object must bear the whole peak, or its lanes together. It stores no more orders than it has
 * units.
 */
export function objectCapacity(sale: Sale, expected: number): Finding {
  const all = peakAttempts(sale, expected);
  const fewest = Math.min(...sale.skus.map(({ lanes = 1 }) => lanes));
  const peak = Math.ceil(all / fewest);
  const orders = Math.max(
    ...sale.skus.map(({ stock, lanes = 1 }) => Math.ceil(Math.min(all, stock) / lanes)),
  );
  const detail = `up to ${peak} attempts a second reach ${fewest > 1 ? "each lane" : "the object"} of one SKU`;
  if (peak <= OBJECT_CALLS && orders <= OBJECT_ORDERS) return ok(detail);
  if (lineSettings(sale)) {
    return warn(
      `${detail}, which stores ${OBJECT_ORDERS} to 500 orders a second`,
      `Admit at most ${OBJECT_ORDERS} people a second (ratePerSecond)`,
    );
  }
  const refused = peak > OBJECT_CALLS ? ", so some are answered with 503 and try again" : "";
  return warn(
    `${detail}, which takes ${OBJECT_CALLS} calls and stores ${OBJECT_ORDERS} to 500 orders a second${refused}`,
    'Give the sale a line ("admission"), or the SKUs more "lanes"',
  );
}

export function redisCapacity(sale: Sale, expected: number): Finding {
  const { ip, user } = protectionOf(sale).limits.order;
  const isFixed = [ip, user].every(({ algorithm }) => algorithm === "fixed-window");
  const each = isFixed ? COMMANDS_FIXED_WINDOW : COMMANDS_OTHER;
  const commands = peakAttempts(sale, expected) * each;
  const detail = `up to ${commands} Redis commands a second of ${REDIS_COMMANDS}`;
  return commands <= REDIS_COMMANDS
    ? ok(detail)
    : warn(`${detail}: beyond that, colos count the limits by themselves`, "Give the sale a line");
}

/** @param perSecond the pace of payments. Undefined if none are charged here */
export function paymentCapacity(sale: Sale, expected: number, perSecond?: number): Finding {
  const paid = sale.skus.filter(({ unitPrice }) => unitPrice.amount > 0);
  if (paid.length === 0 || perSecond === undefined) return ok("no payments are charged here");
  const orders = Math.min(
    expected * Math.max(...paid.map((sku) => mostUnits(sale, sku))),
    paid.reduce((sum, { stock }) => sum + stock, 0),
  );
  const seconds = Math.ceil(orders / perSecond);
  const detail = `${orders} paid orders take ${seconds} seconds at ${perSecond} payments a second`;
  const todo = "Ask the provider for a higher limit, and raise PAYMENT_RATE_PER_SECOND";
  if (seconds > LONGEST_PAUSE_SECONDS) {
    return fail(`${detail}, but holds stand still for ${LONGEST_PAUSE_SECONDS} seconds only`, todo);
  }
  return seconds > PATIENCE_SECONDS ? warn(detail, todo) : ok(detail);
}

/** The estimate informs the operator. No cost is a fault. */
export function costEstimate(sale: Sale, expected: number): Finding {
  const dollars = inDollars(billOf(usageOfSale(sale, expected)).dollars);
  return ok(`about ${dollars} at list prices (${CHECKED}), beside monthly fees and payments`);
}

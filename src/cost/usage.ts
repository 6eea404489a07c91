// Estimates how much a sale uses of each part, from the cost of one action and from how people behave. Pure. `npm run bench`
// compares the costs with what it counts.
import type { Usage } from "./bill.ts";

/** The cost of one attempt that reaches the limits. Tests compare the calls, and the sum of the commands, with real ones. */
export const ATTEMPT = { redisCommands: 2, redisScripts: 2, objectCalls: 1 };
/** The cost that an accepted order adds until it is settled. */
export const ORDER = { rowsWritten: 4, messages: 1 };
/** The cost that a payment adds: calls of its runner and of the ledger, and the message about its result. */
export const PAYMENT = { objectCalls: 2, messages: 1 };
/** A message is written, delivered and acknowledged. */
export const OPERATIONS_OF_MESSAGE = 3;
/** Upstash bills a script by the commands that it runs: mostly two. */
export const COMMANDS_OF_SCRIPT = 2;

/** Upper bounds of the rows that an attempt, and an order until it is settled, read. */
export const ROWS_READ = { attempt: 10, order: 20 };
/** Bytes of an order in the ledger, as measured on a large ledger. */
export const BYTES = { free: 330, paid: 520 };
/** Assumed CPU time of a request, in milliseconds. */
const CPU_MS = 5;
/** Gigabytes that an object is billed for while it is in memory. */
const OBJECT_GB = 0.128;
/** Objects in memory meanwhile: the ledger, eight shards of metrics, the watches of alerts and of the sale; payments, a line. */
const AWAKE = { always: 11, paid: 2, line: 1 };
/** Of each colo: commands a second, and calls of objects a minute for its counts, as if it had one isolate. */
export const COLO = { redisCommandsPerSecond: 1.3, objectCallsPerMinute: 30 };
/** Rows a minute of the eight shards of metrics, and commands a minute that publish the stock. */
const PER_MINUTE = { rowsWritten: 192, redisCommands: 60 };

/** `naive`: see `usageOf`. The others are the modes of admission. */
export const KINDS = ["open", "queue", "draw", "naive"] as const;
export type Kind = (typeof KINDS)[number];

/**
 * How people behave. Assumptions: for each person requests besides polls, polls, presses of Buy; for each order attempts. A page
 * polls every 30 s before the sale (here five minutes) and every 3 s while it sells (a minute); in a line, the sooner the nearer
 * the turn.
 */
const BEHAVIOR = {
  open: { requests: 3, polls: 30, presses: 2, attemptsPerOrder: 5 },
  queue: { requests: 4, polls: 40, presses: 1, attemptsPerOrder: 1.5 },
  draw: { requests: 4, polls: 35, presses: 1, attemptsPerOrder: 1.5 },
};
/** A buyer's looks at the order and the choice of a payment method. */
const REQUESTS_PER_ORDER = 5;

export interface Scenario {
  visitors: number;
  /** Units for sale, and those of them that cost money. Each order has one unit. */
  stock: number;
  paid: number;
  /** How long people are there, and at how many locations of Cloudflare. */
  minutes: number;
  colos: number;
}

export const SCENARIO: Pick<Scenario, "minutes" | "colos"> = { minutes: 60, colos: 50 };

/**
 * The usage of a sale, without calls and rows of lanes and of the sale's limit per person. The naive design has no line and
 * remembers nothing at the edge: each page view and each poll reads Redis once and asks the object once, and each press of Buy,
 * also after the sell-out, counts the limits in Redis and asks the object.
 */
export function usageOf(scenario: Scenario, kind: Kind): Usage {
  const { visitors, stock, minutes, colos } = scenario;
  const naive = kind === "naive";
  const habits = BEHAVIOR[naive ? "open" : kind];
  const orders = Math.min(visitors, stock);
  const paid = Math.min(orders, scenario.paid);
  const presses = visitors * habits.presses;
  const attempts = naive ? presses : Math.min(presses, orders * habits.attemptsPerOrder);
  const reads = naive ? visitors * (1 + habits.polls) : 0;
  const requests =
    visitors * (habits.requests + habits.polls) + presses + orders * REQUESTS_PER_ORDER;
  const messages = orders * ORDER.messages + paid * PAYMENT.messages;
  const awake =
    AWAKE.always +
    (paid > 0 ? AWAKE.paid : 0) +
    (kind === "queue" || kind === "draw" ? AWAKE.line : 0);
  return {
    requests,
    cpuMs: requests * CPU_MS,
    objectCalls:
      attempts * ATTEMPT.objectCalls +
      paid * PAYMENT.objectCalls +
      reads +
      colos * minutes * COLO.objectCallsPerMinute,
    objectGbSeconds: awake * minutes * 60 * OBJECT_GB,
    rowsRead: attempts * ROWS_READ.attempt + orders * ROWS_READ.order + reads,
    rowsWritten: orders * ORDER.rowsWritten + minutes * PER_MINUTE.rowsWritten,
    storedGb: (paid * BYTES.paid + (orders - paid) * BYTES.free) / 1e9,
    queueOperations: messages * OPERATIONS_OF_MESSAGE,
    redisCommands:
      attempts * (ATTEMPT.redisCommands + ATTEMPT.redisScripts * COMMANDS_OF_SCRIPT) +
      reads +
      minutes * (colos * 60 * COLO.redisCommandsPerSecond + PER_MINUTE.redisCommands),
  };
}

/** The fields of a sale that decide what it costs. Amounts are in the currency's minor unit. */
export interface Priced {
  skus: readonly { stock: number; unitPrice: { amount: number } }[];
  admission: { mode: Exclude<Kind, "naive"> };
}

/** The usage of each part by the people who are expected at a sale. */
export function usageOfSale({ skus, admission }: Priced, visitors: number): Usage {
  const unitsOf = (some: Priced["skus"]) => some.reduce((sum, { stock }) => sum + stock, 0);
  const paid = unitsOf(skus.filter(({ unitPrice }) => unitPrice.amount > 0));
  return usageOf({ ...SCENARIO, visitors, stock: unitsOf(skus), paid }, admission.mode);
}

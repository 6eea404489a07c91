// A finished rehearsal in figures: what `--json` writes and the report shows.
import type { Ledger, LedgerOrder, Money } from "../client.ts";
import { percentile } from "../stats.ts";
import type { Kind } from "./contract.ts";
import type { Evidence, Findings } from "./evidence.ts";
import type { Machine } from "./machine.ts";
import { holdsUnits } from "./proofs/free-units.ts";
import { moneyKept } from "./proofs/money.ts";
import { tally } from "./proofs/units.ts";
import type { Verdict } from "./proofs/verdicts.ts";
import type { Record } from "./record.ts";
import type { Buyer } from "./scene.ts";

export interface Result {
  url: string;
  /** Of this working copy, and so of the instance if it was started from it. */
  commit: string | undefined;
  /** Where the crowd came from, and so where the instance ran if it was started here. */
  machine: Machine;
  buyers: number;
  concurrency: number;
  /** Of the rush alone, without signing in and checking. */
  seconds: number;
  requestsPerSecond: number;
  /** What could not be rehearsed. */
  notes: string[];
  skus: SkuResult[];
  /** Who got how many units in the rush; one line for the people and one for each kind of bot. */
  crowd: CrowdResult[];
  outcomes: { [kind: string]: { [outcome: string]: number } };
  latencyMs: { [kind: string]: { p50: number; p90: number; p99: number; max: number } };
  /** Of all requests: those without an answer or with a 5xx. */
  errorShare: number;
  verdicts: Verdict[];
}

export interface SkuResult {
  scene: string;
  id: string;
  ledger: Ledger;
  /** From the end of its scene until nothing was under way; absent when that never came. */
  settledMs?: number;
  /** This rehearsal's orders by status. */
  orders: { [status: string]: number };
  /** What the shop has in the end; absent where nobody can know. */
  moneyKept?: Money;
}

export interface CrowdResult {
  kind: string;
  count: number;
  /** Attempts to order that were answered. */
  attempts: number;
  units: number;
  /** What the attempts were told, most frequent first. */
  answers: { [outcome: string]: number };
}

/** Everything that can be counted; `crowd` is the rush's. */
export function summarize(
  crowd: Buyer[],
  record: Record,
  { skus }: Findings,
): Pick<Result, "skus" | "crowd" | "outcomes" | "latencyMs" | "errorShare"> {
  const orders = skus.flatMap(({ ledgerOrders }) => ledgerOrders);
  const kinds = Map.groupBy(crowd, ({ bot }) => bot?.name);
  return {
    skus: skus.map(skuResult),
    crowd: [...kinds].map(([bot, members]) => crowdResult(bot, members, record, orders)),
    outcomes: byKind(record.outcomes, (counts) => Object.fromEntries(counts)),
    latencyMs: byKind(record.latencies, percentiles),
    errorShare: record.errors / record.size,
  };
}

/** As an object, bots last. */
function byKind<Value, Shown>(values: Map<Kind, Value>, show: (value: Value) => Shown) {
  const isBot = (kind: Kind) => Number(kind.startsWith("bot: "));
  const sorted = [...values].sort(([a], [b]) => isBot(a) - isBot(b));
  return Object.fromEntries(sorted.map(([kind, value]) => [kind, show(value)]));
}

function skuResult({ scene, sku, after, settledMs, ledgerOrders, books }: Evidence): SkuResult {
  const orders = tally(ledgerOrders.map(({ status }) => status));
  const { currency } = sku.unitPrice;
  const kept = books && { moneyKept: { amount: moneyKept(books.values()), currency } };
  const settled = settledMs === undefined ? {} : { settledMs };
  return {
    ...{ scene, id: sku.id, ledger: after, ...settled },
    orders: Object.fromEntries(orders),
    ...kept,
  };
}

/** In the rush, where the bots are. */
const ATTEMPTS_OF_PEOPLE: Kind[] = ["buy", "same key", "other key", "other body"];

function crowdResult(
  bot: string | undefined,
  members: Buyer[],
  { outcomes }: Record,
  orders: LedgerOrder[],
): CrowdResult {
  const users = new Set(members.map(({ user }) => user));
  const mine = orders.filter((order) => users.has(order.userId) && holdsUnits(order));
  const kinds: Kind[] = bot === undefined ? ATTEMPTS_OF_PEOPLE : [`bot: ${bot}`];
  const answers = new Map<string, number>();
  for (const [what, times] of kinds.flatMap((kind) => [...(outcomes.get(kind) ?? [])])) {
    answers.set(what, (answers.get(what) ?? 0) + times);
  }
  const sorted = [...answers].sort(([, a], [, b]) => b - a);
  return {
    kind: bot === undefined ? "people" : `bots: ${bot}`,
    count: members.length,
    attempts: sorted.reduce((sum, [, times]) => sum + times, 0),
    units: mine.reduce((sum, { quantity }) => sum + quantity, 0),
    answers: Object.fromEntries(sorted),
  };
}

function percentiles(times: number[]) {
  return {
    p50: percentile(times, 0.5),
    p90: percentile(times, 0.9),
    p99: percentile(times, 0.99),
    max: percentile(times, 1),
  };
}

// The result of a rehearsal: what the report prints and what --json writes.
import type { Ledger, LedgerOrder, Money } from "../client.ts";
import { percentile } from "../stats.ts";
import type { RequestKind } from "./contract.ts";
import type { Evidence } from "./evidence.ts";
import type { Member, Observation, Run } from "./observation.ts";
import { unitsKept } from "./proofs/available-units.ts";
import { moneyKept } from "./proofs/money.ts";
import { tally } from "./proofs/units.ts";
import type { ProofResult } from "./proofs/verify.ts";
import type { Pace } from "./recorder.ts";

export interface Result extends Run {
  skus: SkuResult[];
  /** How many units people and each kind of bot got in the rush. */
  crowd: CrowdResult[];
  outcomes: { [kind: string]: { [outcome: string]: number } };
  latencyMs: { [kind: string]: { p50: number; p90: number; p99: number; max: number } };
  /** How fast the payments of the paid drop started; absent where that is not visible. */
  pace?: Pace;
  /** Share of all requests that got a 5xx or no answer, 0 to 1. */
  errorShare: number;
  proofs: ProofResult[];
}

export interface SkuResult {
  scenario: string;
  id: string;
  ledger: Ledger;
  /** Milliseconds from the end of the scenario until every order was final; absent if the time ran out. */
  finalAfterMs?: number;
  /** Status → number of this rehearsal's orders. */
  orders: { [status: string]: number };
  /** Charges minus refunds; absent if the bank's books are not readable. */
  moneyKept?: Money;
}

export interface CrowdResult {
  kind: string;
  count: number;
  /** Answered order requests. */
  attempts: number;
  units: number;
  /** Outcome → number of attempts, most frequent first. */
  answers: { [outcome: string]: number };
}

/** Counts everything countable. `members`: everyone in the rush, for the comparison of people and bots. */
export function summarize({
  members,
  recorder,
  findings: { skus },
}: Pick<Observation, "members" | "recorder" | "findings">): Pick<
  Result,
  "skus" | "crowd" | "outcomes" | "latencyMs" | "pace" | "errorShare"
> {
  const orders = skus.flatMap(({ ledgerOrders }) => ledgerOrders);
  const kinds = Map.groupBy(members, ({ bot }) => bot?.name);
  return {
    skus: skus.map(skuResult),
    crowd: [...kinds].map(([bot, members]) => crowdResult(bot, members, recorder, orders)),
    outcomes: byKind(recorder.outcomes, (counts) => Object.fromEntries(counts)),
    latencyMs: byKind(recorder.latencies, percentiles),
    ...(recorder.pace && { pace: recorder.pace }),
    errorShare: recorder.errorCount / recorder.requestCount,
  };
}

/** Converts to an object, with the bots last. */
function byKind<Value, Shown>(values: Map<RequestKind, Value>, show: (value: Value) => Shown) {
  const isBot = (kind: RequestKind) => Number(kind.startsWith("bot: "));
  const sorted = [...values].sort(([a], [b]) => isBot(a) - isBot(b));
  return Object.fromEntries(sorted.map(([kind, value]) => [kind, show(value)]));
}

function skuResult(evidence: Evidence): SkuResult {
  const { scenario, sku, after, finalAfterMs, ledgerOrders, books } = evidence;
  const orders = tally(ledgerOrders.map(({ status }) => status));
  const { currency } = sku.unitPrice;
  return {
    ...{ scenario, id: sku.id, ledger: after },
    ...(finalAfterMs !== undefined && { finalAfterMs }),
    orders: Object.fromEntries(orders),
    ...(books && { moneyKept: { amount: moneyKept(books.values()), currency } }),
  };
}

/** The order requests of people in the rush, the only scenario with bots. */
const ATTEMPTS_OF_PEOPLE: RequestKind[] = [
  "buy",
  "buy, same key",
  "buy, new key",
  "buy, changed body",
];

function crowdResult(
  bot: string | undefined,
  members: Member[],
  { outcomes }: Observation["recorder"],
  orders: LedgerOrder[],
): CrowdResult {
  const users = new Set(members.map(({ user }) => user));
  const owned = orders.filter((order) => users.has(order.userId));
  const kinds: RequestKind[] = bot === undefined ? ATTEMPTS_OF_PEOPLE : [`bot: ${bot}`];
  const answers = new Map<string, number>();
  for (const [what, times] of kinds.flatMap((kind) => [...(outcomes.get(kind) ?? [])])) {
    answers.set(what, (answers.get(what) ?? 0) + times);
  }
  const sorted = [...answers].sort(([, a], [, b]) => b - a);
  return {
    kind: bot === undefined ? "people" : `bots: ${bot}`,
    count: members.length,
    attempts: sorted.reduce((sum, [, times]) => sum + times, 0),
    units: owned.reduce((sum, order) => sum + unitsKept(order), 0),
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

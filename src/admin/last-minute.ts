// The last minute of a sale, from the counts of the whole system: its funnel, and its bots. Pure.
import { isExpired, type Rule } from "../funnel/rule-set.ts";
import type { Metrics } from "../observability/read-metrics.ts";
import type { CounterName } from "../observability/series.ts";

/** The step of the counts that these functions read. */
export const STEP_SECONDS = 5;
const MINUTE_STEPS = 60 / STEP_SECONDS;

/** Attempts to buy in the last minute: those that passed, and those refused, by stage and reason, most first. */
export interface FunnelFigures {
  passed: number;
  refused: { stage: string; reason: string; count: number }[];
  /** The answers of the SKUs' objects to those that passed, by outcome. */
  orders: Record<string, number>;
}

/** One counter of a sale, and how often it counted in the last minute. */
interface Counted {
  name: string;
  labels: Record<string, string>;
  count: number;
}

const countedAt = ({ series }: Metrics, saleId: string): Counted[] =>
  series.flatMap((each) => {
    if (each.type !== "counter" || each.labels.sale !== saleId) return [];
    const count = each.points.slice(-MINUTE_STEPS - 1).reduce((sum, added) => sum + added, 0);
    return count === 0 ? [] : [{ name: each.name, labels: each.labels, count }];
  });

export function funnelOf(metrics: Metrics, saleId: string): FunnelFigures {
  const figures: FunnelFigures = { passed: 0, refused: [], orders: {} };
  for (const { name, labels, count } of countedAt(metrics, saleId)) {
    const { stage = "", reason = "", outcome = "" } = labels;
    if (name === "funnel_passed") figures.passed += count;
    if (name === "funnel_refused") figures.refused.push({ stage, reason, count });
    if (name === "orders") figures.orders[outcome] = count;
  }
  figures.refused.sort((a, b) => b.count - a.count);
  return figures;
}

export interface BotFigures {
  /** Verified challenges of the last minute, by verdict. */
  challenges: Record<string, number>;
  /** How often each reason to challenge a caller counted in the last minute. */
  risks: Record<string, number>;
  /** Automatic blocks in force that this sale led to. */
  blocked: number;
  /** The newest of them. Without the users, whom the rules name. */
  newest: Pick<Rule, "addedAt" | "evidence">[];
  /** The most accounts at the address of a blocked user. */
  accountsAtAddress: number;
}

const MAX_SHOWN = 5;

/** `now` in milliseconds since 1970. */
export function botsOf(
  metrics: Metrics,
  rules: readonly Rule[],
  saleId: string,
  now: number,
): BotFigures {
  const blocks = rules
    .filter(({ by, evidence }) => by === "automatic" && evidence?.saleId === saleId)
    .filter((rule) => !isExpired(rule, now))
    .sort((a, b) => b.addedAt.localeCompare(a.addedAt));
  const counted = countedAt(metrics, saleId);
  const byLabel = (wanted: CounterName, label: string) =>
    Object.fromEntries(
      counted.flatMap(({ name, labels, count }) =>
        name === wanted ? [[labels[label] ?? "", count]] : [],
      ),
    );
  return {
    challenges: byLabel("challenge", "verdict"),
    risks: byLabel("risk", "reason"),
    blocked: blocks.length,
    newest: blocks.slice(0, MAX_SHOWN).map(({ addedAt, evidence = {} }) => ({ addedAt, evidence })),
    accountsAtAddress: Math.max(
      0,
      ...blocks.map(({ evidence }) => Number(evidence?.accountsAtAddress ?? 0)),
    ),
  };
}

// The thresholds of the alerts, by the names of their rules: the defaults, and the schema of what operators set instead.
import * as z from "zod";

/** An alert starts when its value is above the threshold. `alerts/rules.ts` says what is measured, and its unit. */
export const THRESHOLDS = {
  invariant_broken: 0,
  no_sale: 20,
  charges_failing: 0.3,
  charges_late: 0,
  outbox_old: 60,
  alerts_late: 60,
  dead_letters: 0,
  breaker_open: 30,
  shedding: 0.01,
  line_stalled: 120,
  stock_stale: 30,
  webhook_failing: 0.5,
  webhook_gone: 0,
} as const;

export type RuleName = keyof typeof THRESHOLDS;
export type Thresholds = Readonly<Record<RuleName, number>>;

const RULE_NAMES = Object.keys(THRESHOLDS) as [RuleName, ...RuleName[]];

/** Some thresholds; the others keep their defaults. */
export const thresholdsSchema = z
  .partialRecord(z.enum(RULE_NAMES), z.number().min(0))
  .transform((given): Thresholds => ({ ...THRESHOLDS, ...given }));

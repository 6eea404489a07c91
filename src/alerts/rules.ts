// The rules of the alerts.
import type { Rule } from "./rule.ts";
import { chargesFailing, chargesLate, webhookFailing, webhookGone } from "./rules-delivery.ts";
import { alertsLate, breakerOpen, deadLetters, outboxOld, stockStale } from "./rules-plumbing.ts";
import { invariantBroken, lineStalled, noSale, shedding } from "./rules-sale.ts";

/** All rules, the worst first. */
export const RULES: readonly Rule[] = [
  invariantBroken,
  noSale,
  chargesLate,
  chargesFailing,
  webhookGone,
  lineStalled,
  outboxOld,
  alertsLate,
  deadLetters,
  breakerOpen,
  shedding,
  stockStale,
  webhookFailing,
];

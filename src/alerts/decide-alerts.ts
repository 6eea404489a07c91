// Decides which alerts start and end. Pure: alerts + readings + time → the alerts as they are now, and what is news.
import type { RuleName } from "../observability/alert-thresholds.ts";
import type { Reading } from "./rule.ts";

/** A reading of a rule, with what it is compared with. */
export interface Measured extends Reading {
  rule: RuleName;
  threshold: number;
  /** For how long the value must be above the threshold before the alert starts, in seconds. */
  afterSeconds: number;
}

/** A value that is above its threshold, or was a moment ago. Times are milliseconds. */
export interface Alert extends Omit<Measured, "afterSeconds"> {
  /** Unique: the rule, what it is about, and when it was first above. */
  id: string;
  /** Since when the value is above the threshold. */
  since: number;
  /** When it started, which is when people are told. Null until then. */
  startedAt: number | null;
  /** Since when the value is not above the threshold any more. Null while it is. */
  calmSince: number | null;
  /** When it was last measured. */
  seenAt: number;
}

/** An alert that started. */
export type Started = Alert & { startedAt: number };

export type Ended = Started & { endedAt: number };

/** An alert ends only once its value was not above the threshold for this long, so that it does not flap. */
const CALM_MS = 60_000;
/** An alert ends if nothing has been measured for this long: its sale is over, or nothing happens any more. */
const FORGET_MS = 3_600_000;

export const keyOf = ({ rule, about }: Pick<Measured, "rule" | "about">): string =>
  `${rule}/${about}`;

export interface Decision {
  alerts: Alert[];
  started: Started[];
  ended: Ended[];
}

/** @param alerts those of the last decision. @param measured at most one for each rule and what it is about */
export function decideAlerts(
  alerts: readonly Alert[],
  measured: readonly Measured[],
  now: number,
): Decision {
  const before = new Map(alerts.map((alert) => [keyOf(alert), alert]));
  const decision: Decision = { alerts: [], started: [], ended: [] };
  for (const each of measured) {
    const known = before.get(keyOf(each));
    before.delete(keyOf(each));
    const after = each.value > each.threshold ? above(known, each, now) : calm(known, each, now);
    if (after) keepOrEnd(decision, known, after, now);
  }
  for (const unknown of before.values()) keepOrEnd(decision, unknown, unknown, now);
  return decision;
}

function above(
  known: Alert | undefined,
  { afterSeconds, ...reading }: Measured,
  now: number,
): Alert {
  const since = known?.since ?? now;
  const startsNow = now - since >= afterSeconds * 1_000;
  return {
    ...reading,
    id: known?.id ?? `${keyOf(reading)}/${since}`,
    since,
    startedAt: known?.startedAt ?? (startsNow ? now : null),
    calmSince: null,
    seenAt: now,
  };
}

/** Undefined for what has not started: nobody needs to know. */
function calm(
  known: Alert | undefined,
  { afterSeconds: _, ...reading }: Measured,
  now: number,
): Alert | undefined {
  if (!known?.startedAt) return undefined;
  return { ...known, ...reading, calmSince: known.calmSince ?? now, seenAt: now };
}

const isStarted = (alert: Alert): alert is Started => alert.startedAt !== null;

function keepOrEnd(decision: Decision, known: Alert | undefined, after: Alert, now: number): void {
  const isCalm = after.calmSince !== null && now - after.calmSince >= CALM_MS;
  const isOver = isCalm || now - after.seenAt >= FORGET_MS;
  if (!isOver) decision.alerts.push(after);
  if (!isStarted(after)) return;
  if (!known?.startedAt) decision.started.push(after);
  if (isOver) decision.ended.push({ ...after, endedAt: now });
}

// A notice tells the operator's webhook that an alert started or ended. It is stored before it is sent, and sent again until
// the receiver accepts it, for a day at most. Pure.
import type { Config } from "../config/config.ts";
import type { Alert } from "./decide-alerts.ts";

export type NoticeKind = "started" | "ended";

export interface Notice {
  /** Stays the same when it is sent again: receivers drop ids that they have seen. */
  id: string;
  kind: NoticeKind;
  alert: Alert;
  /** Milliseconds. */
  madeAt: number;
  /** When it is sent next. Null once it was delivered or given up. */
  dueAt: number | null;
  tries: number;
  /** Why the last try failed. */
  fault?: string;
  deliveredAt?: number;
}

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 600_000;
const GIVE_UP_MS = 86_400_000;

export const noticeId = (alertId: string, kind: NoticeKind): string => `${alertId}.${kind}`;

export const newNotice = (alert: Alert, kind: NoticeKind, now: number): Notice => ({
  id: noticeId(alert.id, kind),
  kind,
  alert,
  madeAt: now,
  dueAt: now,
  tries: 0,
});

/**
 * The notice after it was sent. @param fault what went wrong, or undefined if it was accepted. @param random 0 to 1: up to a
 * quarter is added to each pause, which is twice as long as the one before
 */
export function afterTry(
  { fault: _, ...notice }: Notice,
  fault: string | undefined,
  now: number,
  random = Math.random(),
): Notice {
  const tries = notice.tries + 1;
  if (fault === undefined) return { ...notice, tries, dueAt: null, deliveredAt: now };
  const pause = Math.min(FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 20), LONGEST_RETRY_MS);
  const dueAt = Math.ceil(now + pause * (1 + random / 4));
  const isGivenUp = dueAt - notice.madeAt > GIVE_UP_MS;
  return { ...notice, tries, dueAt: isGivenUp ? null : dueAt, fault };
}

/** Of the owed notices, those whose turn it is. The end of an alert waits until its start was delivered or given up. */
export function inTurn(owed: readonly Notice[]): Notice[] {
  const starting = new Set(owed.flatMap(({ kind, alert }) => (kind === "started" ? alert.id : [])));
  return owed.filter(({ kind, alert }) => kind === "started" || !starting.has(alert.id));
}

export type AlertConfig = Pick<
  Config,
  | "ALERT_WEBHOOK_URL"
  | "ALERT_WEBHOOK_SECRET"
  | "ALERT_FORMAT"
  | "ALERT_PAGERDUTY_KEY"
  | "ALERT_THRESHOLDS"
  | "PUBLIC_ORIGIN"
>;

// The countdown of a hold; it never shows more time than is left. Pure.
import type { Order } from "../../inventory/order.ts";
import type { Wording } from "../copy/wording.ts";

type Held = Pick<Order, "createdAt" | "expiresAt">;

const WARN_SECONDS = 60;
const LAST_SECONDS = 15;

/** Whole seconds, rounded down; 0 or less once the hold has ended. */
export function secondsLeft({ createdAt, expiresAt }: Held, now: number): number {
  const end = Date.parse(expiresAt);
  // Capped at the hold's full length, in case the clock is wrong.
  return Math.floor(Math.min(end - now, end - Date.parse(createdAt)) / 1_000);
}

/** The share of the hold that is left, from 1 to 0. */
export function shareLeft({ createdAt, expiresAt }: Held, seconds: number): number {
  return Math.max(0, (seconds * 1_000) / (Date.parse(expiresAt) - Date.parse(createdAt)));
}

export const holdPhase = (seconds: number): "" | "warn" | "last" =>
  seconds < LAST_SECONDS ? "last" : seconds < WARN_SECONDS ? "warn" : "";

/** The screen reader announcement as the countdown goes from `before` to `now` seconds; none on its first tick. */
export function holdAnnouncement(
  before: number,
  now: number,
  { words: { panel }, fill }: Wording,
): string | undefined {
  if (!Number.isFinite(before)) return undefined;
  if (before > 0 && now <= 0) return panel.expired;
  if (before > LAST_SECONDS && now <= LAST_SECONDS)
    return fill(panel.lastSeconds, { n: LAST_SECONDS });
  return before > WARN_SECONDS && now <= WARN_SECONDS ? panel.lastMinute : undefined;
}

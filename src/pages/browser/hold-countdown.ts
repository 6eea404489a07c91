// How long an order is still held, as the panel shows it: never longer than it is. Pure.
import type { Order } from "../../inventory/order.ts";

type Held = Pick<Order, "createdAt" | "expiresAt">;

const WARN_SECONDS = 60;
const LAST_SECONDS = 15;

/** Whole seconds, rounded down; 0 or less: the hold has ended. */
export function secondsLeft({ createdAt, expiresAt }: Held, now: number): number {
  const end = Date.parse(expiresAt);
  // No hold is longer than it was at its beginning, whatever the clock says.
  return Math.floor(Math.min(end - now, end - Date.parse(createdAt)) / 1_000);
}

/** The share of the hold that is left, from 1 to 0. */
export function shareLeft({ createdAt, expiresAt }: Held, seconds: number): number {
  return Math.max(0, (seconds * 1_000) / (Date.parse(expiresAt) - Date.parse(createdAt)));
}

export const holdPhase = (seconds: number): "" | "warn" | "last" =>
  seconds < LAST_SECONDS ? "last" : seconds < WARN_SECONDS ? "warn" : "";

/** What is said aloud when the count passes from `before` to `now`; nothing at its first moment. */
export function holdSaid(before: number, now: number): string | undefined {
  if (!Number.isFinite(before)) return undefined;
  if (before > 0 && now <= 0) return "Your reservation has expired.";
  if (before > LAST_SECONDS && now <= LAST_SECONDS) return `${LAST_SECONDS} seconds left to pay.`;
  return before > WARN_SECONDS && now <= WARN_SECONDS ? "One minute left to pay." : undefined;
}

// The text of the countdown until a sale opens or closes.
import type { SaleState } from "../../catalog/sale-state.ts";
import type { Wording } from "../copy/wording.ts";

/** 65 → "1:05", 3,665 → "1:01:05". */
export function formatDuration(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3_600);
  if (hours > 0) parts.unshift(hours);
  return parts.map((part, i) => String(part).padStart(i && 2, "0")).join(":");
}

/** Further away than this, a date is more useful than a countdown. */
const NEAR_MS = 2 * 86_400_000;

export interface Countdown {
  label: string;
  text: string;
  isDate: boolean;
}

/** "Opens in" and "3:04:05", or "Opens" and the date. `isStill`: the time is of no use any more, so it is not counted down. */
export function countdown(
  state: SaleState,
  opensAt: number,
  closesAt: number,
  now: number,
  isStill: boolean,
  { words: { when }, time }: Wording,
): Countdown {
  const at = state === "upcoming" ? opensAt : closesAt;
  const isDate = isStill || at - now > NEAR_MS;
  if (isDate) return { label: when[state], text: time(new Date(at).toISOString()), isDate };
  return {
    label: when[state === "upcoming" ? "upcomingIn" : "openIn"],
    text: formatDuration(Math.max(0, Math.ceil((at - now) / 1_000))),
    isDate,
  };
}

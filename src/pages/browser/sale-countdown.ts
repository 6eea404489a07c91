// The text of the countdown until a sale opens or closes.
import type { SaleState } from "../../catalog/sale-state.ts";
import { timeLabel } from "../copy/sale.ts";
import { formatDuration, formatTime } from "./locale.ts";

/** Further away than this, a date is more useful than a countdown. */
const NEAR_MS = 2 * 86_400_000;

export interface Countdown {
  label: string;
  text: string;
  isDate: boolean;
}

/** "Opens in" and "3:04:05", or "Opens" and the date. */
export function countdown(
  state: SaleState,
  opensAt: number,
  closesAt: number,
  now: number,
): Countdown {
  const label = timeLabel(state);
  const at = state === "upcoming" ? opensAt : closesAt;
  const isDate = state === "closed" || at - now > NEAR_MS;
  if (isDate) return { label, text: formatTime(at), isDate };
  return {
    label: `${label} in`,
    text: formatDuration(Math.max(0, Math.ceil((at - now) / 1_000))),
    isDate,
  };
}

// The time until a sale opens or closes, as the page counts it.
import type { SaleState } from "../../catalog/sale-state.ts";
import { whenWords } from "../copy/sale.ts";
import { formatTime, spell } from "./locale.ts";

/** Further away than this, seconds mean nothing: the date says more. */
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
  const label = whenWords(state);
  const at = state === "upcoming" ? opensAt : closesAt;
  const isDate = state === "closed" || at - now > NEAR_MS;
  if (isDate) return { label, text: formatTime(at), isDate };
  return { label: `${label} in`, text: spell(Math.max(0, Math.ceil((at - now) / 1_000))), isDate };
}

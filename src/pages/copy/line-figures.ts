// The figures in the copy of a sale's line: numbers, waits, units and prices. Estimates say that they are.
import type { PublicLine } from "../../admission/public-line.ts";
import { numberInLine } from "../../admission/standing.ts";
import type { Money } from "../../money.ts";
import type { Format } from "./refusal.ts";

/** Free and held units of all SKUs. */
export interface Units {
  free: number;
  held: number;
}

/** "Number 214 of 1,100", or with "about" where it is estimated. Empty while the place is not known. */
export function numberText(line: PublicLine | undefined, place: number | null): string {
  if (!line || place === null) return "";
  const { number, isExact } = numberInLine(line, place);
  const all = Math.max(number, line.registered);
  return isExact
    ? `Number ${count(number)} of ${count(all)}`
    : `About number ${rounded(number)} of ${count(all)}`;
}

/** "12", or "0, and 25 reserved". Empty while the stock is not known. */
export const unitsText = (units: Units | undefined): string =>
  units ? count(units.free) + (units.held ? `, and ${count(units.held)} reserved` : "") : "";

/** "$35.00", or "$20.00 to $35.00". */
export function priceText(prices: readonly Money[], price: Format["price"]): string {
  const [lowest, ...others] = [...prices].sort((a, b) => a.amount - b.amount);
  const highest = others[others.length - 1] ?? lowest;
  if (!lowest || !highest) return "";
  const [from, to] = [lowest, highest].map(({ amount, currency }) => price(amount, currency));
  return from === to ? `${from}` : `${from} to ${to}`;
}

export const count = (people: number): string => people.toLocaleString("en-US");

/** An estimate with two digits, because more would only flicker. Below 100 as it is. */
export function rounded(people: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, people))) - 1);
  return count(Math.round(people / unit) * unit);
}

/** "less than a minute", "about 4 minutes", "3 to 5 minutes", "2 to 3 hours". */
export function range([low, high]: [low: number, high: number]): string {
  if (high > LONG_SECONDS) return spans(low / 3_600, high / 3_600, "hour");
  return spans(low / 60, high / 60, "minute");
}

/** A longer wait is stated in hours. */
const LONG_SECONDS = 2 * 3_600;

function spans(low: number, high: number, unit: "hour" | "minute"): string {
  const [from, to] = [Math.floor(low), Math.ceil(high)];
  if (to <= 1) return `less than ${unit === "hour" ? "an hour" : "a minute"}`;
  if (from >= to) return `about ${to} ${unit}s`;
  return from === 0 ? `less than ${to} ${unit}s` : `${from} to ${to} ${unit}s`;
}

// The figures in the copy of a sale's line: numbers, waits, units and prices. Estimates say that they are.
import type { PublicLine } from "../../admission/public-line.ts";
import { numberInLine } from "../../admission/standing.ts";
import type { Money } from "../../values/money.ts";
import type { Wording } from "./wording.ts";

/** Free and held units of all SKUs. */
export interface Units {
  free: number;
  held: number;
}

/** "Number 214 of 1,100", or with "about" where it is estimated. Empty while the place is not known. */
export function numberText(
  line: PublicLine | undefined,
  place: number | null,
  { words, fill }: Wording,
): string {
  if (!line || place === null) return "";
  const { number, isExact } = numberInLine(line, place);
  const all = Math.max(number, line.registered);
  return isExact
    ? fill(words.line.number, { n: number, all })
    : fill(words.line.aboutNumber, { n: rounded(number), all });
}

/** "12", or "0, and 25 reserved". Empty while the stock is not known. */
export function unitsText(units: Units | undefined, { words, fill, count }: Wording): string {
  if (!units) return "";
  return units.held ? fill(words.line.unitsHeld, { ...units }) : count(units.free);
}

/** "$35.00", or "$20.00 to $35.00". */
export function priceText(prices: readonly Money[], { words, fill, price }: Wording): string {
  const [lowest, ...others] = [...prices].sort((a, b) => a.amount - b.amount);
  const highest = others[others.length - 1] ?? lowest;
  if (!lowest || !highest) return "";
  const [from, to] = [lowest, highest].map(({ amount, currency }) => price(amount, currency)) as [
    string,
    string,
  ];
  return from === to ? from : fill(words.line.prices, { from, to });
}

/** An estimate with two digits, because more would only flicker. Below 100 as it is. */
export function rounded(people: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, people))) - 1);
  return Math.round(people / unit) * unit;
}

/** "less than a minute", "about 4 minutes", "3 to 5 minutes", "2 to 3 hours". */
export function range([low, high]: [low: number, high: number], wording: Wording): string {
  if (high > LONG_SECONDS) return spans(low / 3_600, high / 3_600, "hour", wording);
  return spans(low / 60, high / 60, "minute", wording);
}

/** A longer wait is stated in hours. */
const LONG_SECONDS = 2 * 3_600;

function spans(
  low: number,
  high: number,
  unit: "hour" | "minute",
  { words: { line }, fill, duration, count }: Wording,
): string {
  const [from, to] = [Math.floor(low), Math.ceil(high)];
  if (to <= 1) return unit === "hour" ? line.underAnHour : line.underAMinute;
  const wait = duration(to, unit);
  if (from >= to) return fill(line.about, { wait });
  return from === 0 ? fill(line.under, { wait }) : fill(line.between, { from: count(from), wait });
}

// Formats prices and times. Browser code shows times in the visitor's time zone instead.
import { minorUnitDecimals } from "../values/iso-4217.ts";
import type { Money } from "../values/money.ts";

const times = new Map<string, Intl.DateTimeFormat>();

/** A time in UTC, the same for everybody: "Dec 1, 2026, 9:00 AM UTC". */
export function formatTime(iso: string, language = "en"): string {
  let format = times.get(language);
  if (!format) {
    const options = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
    format = new Intl.DateTimeFormat(language, options);
    times.set(language, format);
  }
  return `${format.format(new Date(iso))} UTC`;
}

/** A price with the decimals of ISO 4217: "$12.00", "HUF 5,000.00", "ISK 5,000". */
export function formatMoney(
  { amount, currency }: Money,
  locales: string | string[] = "en",
): string {
  const digits = minorUnitDecimals(currency);
  const format = new Intl.NumberFormat(locales, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(amount / 10 ** digits);
}

export const multiplyMoney = (money: Money, quantity: number): Money => ({
  ...money,
  amount: money.amount * quantity,
});

/** The rest of a hold, rounded up: `4:09`, or `1:00:00`. */
export function formatLeft(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [minutes, rest] = [Math.floor(seconds / 60), two(seconds % 60)];
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

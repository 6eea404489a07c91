// Formats prices and times on the server, the same for everybody. Browser code reformats them in the visitor's
// language and time zone.
import { minorUnitDecimals } from "../iso-4217.ts";
import type { Money } from "../money.ts";

const TIME = new Intl.DateTimeFormat("en-US", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

export const formatTime = (iso: string): string => `${TIME.format(new Date(iso))} UTC`;

/** A price in English with the decimals of ISO 4217: "$12.00", "HUF 5,000.00", "ISK 5,000". */
export function formatMoney({ amount, currency }: Money): string {
  const digits = minorUnitDecimals(currency);
  const format = new Intl.NumberFormat("en", {
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

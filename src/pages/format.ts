// Prices and times as the server writes them: the same for everybody. Browser code rewrites them in the
// visitor's own language and time zone.
import type { Money } from "../money.ts";

const TIME = new Intl.DateTimeFormat("en-US", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

export const formatTime = (iso: string): string => `${TIME.format(new Date(iso))} UTC`;

/** Minor units follow the currency: cents for USD, none for JPY. */
export function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

export const times = (money: Money, quantity: number): Money => ({
  ...money,
  amount: money.amount * quantity,
});

// The type for amounts of money, and amounts as people write them.
import * as z from "zod";
import { minorUnitDecimals } from "./iso-4217.ts";

/** Twelve digits, the most that any currency needs. Payment providers set lower limits for most of them. */
const MAX_AMOUNT = 999_999_999_999;

/** `amount` is in the minor unit that ISO 4217 defines for the currency. */
export const moneySchema = z.strictObject({
  amount: z.int().min(0).max(MAX_AMOUNT),
  currency: z.string().regex(/^[A-Z]{3}$/, "use an ISO 4217 code such as USD"),
});

export type Money = z.output<typeof moneySchema>;

/** An amount in the currency's major unit, without loss: 1250 USD → `12.50`. */
export function toDecimal({ amount, currency }: Money): string {
  const decimals = minorUnitDecimals(currency);
  if (decimals === 0) return String(amount);
  const digits = String(amount).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The amount in the minor unit: `12.5` USD → 1250. Undefined if it is no number, or has more decimals than the currency. */
export function fromDecimal(text: string, currency: string): number | undefined {
  const decimals = minorUnitDecimals(currency);
  const [, whole = "", fraction = ""] = /^(\d{1,15})(?:\.(\d+))?$/.exec(text.trim()) ?? [];
  if (whole === "" || fraction.length > decimals) return undefined;
  return Number(whole + fraction.padEnd(decimals, "0"));
}

// The type for amounts of money.
import * as z from "zod";

/** Twelve digits, the most that any currency needs. Payment providers set lower limits for most of them. */
const MAX_AMOUNT = 999_999_999_999;

/** `amount` is in the minor unit that ISO 4217 defines for the currency. */
export const moneySchema = z.strictObject({
  amount: z.int().min(0).max(MAX_AMOUNT),
  currency: z.string().regex(/^[A-Z]{3}$/, "use an ISO 4217 code such as USD"),
});

export type Money = z.output<typeof moneySchema>;

// An amount of money: the one type that everything shares.
import * as z from "zod";

/** The largest amount Stripe charges at once: 99,999,999 minor units. */
const MAX_AMOUNT = 99_999_999;

/** `amount` is in minor units, as ISO 4217 defines them for the currency. */
export const moneySchema = z.strictObject({
  amount: z.int().min(0).max(MAX_AMOUNT),
  currency: z.string().regex(/^[A-Z]{3}$/, "use an ISO 4217 code such as USD"),
});

export type Money = z.output<typeof moneySchema>;

// The buyer's e-mail address, as their token states it. Only for the provider's receipt.
import * as z from "zod";

/** The longest address that mail systems deliver to (RFC 5321). */
const MAX_EMAIL = 254;
const emailSchema = z.email();

/** The address in an `email` claim. Undefined if it is none: a token may contain anything. */
export function emailOf(claim: unknown): string | undefined {
  if (typeof claim !== "string" || claim.length > MAX_EMAIL) return undefined;
  return emailSchema.safeParse(claim).data;
}

// Mints the token with which the browser of a signed-in customer calls Doorbuster.
import { SignJWT } from "jose";

/** A person who is signed in at the shop. */
export interface Customer {
  /** Never reused for another person: limits per person count by it. */
  id: string;
  /** Stripe sends its receipt there. */
  email?: string;
}

/** Whoever gets hold of a token can buy in the customer's name for this long. The client fetches a new one when it needs it. */
const LIFE = "10m";

/**
 * A JWT for `Authorization: Bearer`. A deployment with AUTH_ISSUER or AUTH_AUDIENCE also wants `iss` or `aud`.
 *
 * @param secret the deployment's AUTH_SECRET
 */
export function mintBuyerToken({ id, email }: Customer, secret: string): Promise<string> {
  return new SignJWT(email === undefined ? {} : { email })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(id)
    .setIssuedAt()
    .setExpirationTime(LIFE)
    .sign(new TextEncoder().encode(secret));
}

// Buyers' tokens as the shop's identity provider would issue them, for tools that know the secret.
import { SignJWT } from "jose";

/** Signs HS256 tokens with `secret` for one user after another, valid for an hour. */
export function tokenSigner(secret: string): (user: string) => Promise<string> {
  const key = new TextEncoder().encode(secret);
  return (user) =>
    new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(user)
      .setExpirationTime("1h")
      .sign(key);
}

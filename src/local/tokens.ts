// Signs buyer tokens like those of the shop's identity provider, for tools that have the secret.
import { SignJWT } from "jose";

/** Returns a function that signs an HS256 token for a user, valid for one hour. */
export function tokenSigner(secret: string): (user: string) => Promise<string> {
  const key = new TextEncoder().encode(secret);
  return (user) =>
    new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(user)
      .setExpirationTime("1h")
      .sign(key);
}

// The caller of a request to the bare Worker.
import type { Context } from "hono";
import { jwtVerify } from "jose";

export const addressOf = (c: Context): string => c.req.header("cf-connecting-ip") ?? "";

let authKey: CryptoKey | undefined;

/** The user of a valid HS256 token. The key is imported once, because importing costs more than verifying. */
export async function userOf(c: Context, secret: string): Promise<string | undefined> {
  authKey ??= await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const token = c.req.header("authorization")?.replace("Bearer ", "") ?? "";
  try {
    const { payload } = await jwtVerify(token, authKey, { algorithms: ["HS256"] });
    return payload.sub;
  } catch {
    return undefined;
  }
}

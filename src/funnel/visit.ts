// Proof of a page visit: a signed token that the page's script fetches before the purchase. It contains the time and a
// hash of the address block, but no user. It is not in the page itself, because the page is cached for everyone.
import { jwtVerify, SignJWT } from "jose";
import { memory, textBytes } from "../edge/memory.ts";
import type { AppContext } from "../http/request.ts";
import type { Buying } from "./attempt.ts";
import { addressBlock, keyedHash } from "./caller.ts";
import { hmacKey } from "./hmac-key.ts";

export const VISIT_HEADER = "Visit-Token";
const PURPOSE = "visit";
const LIFE_SECONDS = 4 * 3_600;

/**
 * The first account that used each visit in this isolate. The visit does not count for other accounts. A weak check: a
 * script can use one visit for one account per isolate, or fetch a visit for each account.
 */
const firstUsers = memory<string>("visits", { ttl: LIFE_SECONDS * 1_000, sizeOf: textBytes });

/** Signs a token for a visit to this sale's page that begins now. No I/O. */
export async function signVisit(c: AppContext, saleId: string): Promise<string> {
  const { SIGNING_SECRET } = c.get("config");
  return new SignJWT({ sale: saleId, from: keyedHash(addressBlock(c), SIGNING_SECRET) })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(PURPOSE)
    .setJti(crypto.randomUUID())
    .setIssuedAt(Date.now() / 1_000)
    .setExpirationTime(Math.floor(Date.now() / 1_000) + LIFE_SECONDS)
    .sign(await hmacKey(SIGNING_SECRET));
}

/**
 * How long ago the caller's visit began, in milliseconds. Undefined without a valid token for this sale and address
 * block, or if another account used the token first. A form sends the token in a field, a script in a header.
 */
export async function visitAge(
  { c, entry, visit }: Pick<Buying, "c" | "entry" | "visit">,
  account: string,
): Promise<number | undefined> {
  const token = visit ?? c.req.header(VISIT_HEADER);
  if (!token) return undefined;
  const { SIGNING_SECRET } = c.get("config");
  try {
    const { payload } = await jwtVerify(token, await hmacKey(SIGNING_SECRET), {
      algorithms: ["HS256"],
      audience: PURPOSE,
    });
    const from = keyedHash(addressBlock(c), SIGNING_SECRET);
    if (payload.sale !== entry.sale.id || payload.from !== from) return undefined;
    if (!claimVisit(payload.jti, account)) return undefined;
    return Date.now() - (payload.iat as number) * 1_000;
  } catch {
    return undefined;
  }
}

/** Reserves the visit for this account. Returns false if another account used it first. */
function claimVisit(id: string | undefined, account: string): boolean {
  if (id === undefined) return false;
  const user = firstUsers.get(id) ?? account;
  firstUsers.set(id, user);
  return user === account;
}

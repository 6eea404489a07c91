// Proof of a page visit: a signed token that the page's script fetches before it buys. It says when and from
// which address block, never who. It cannot be part of the page, which is cached for everyone.
import { jwtVerify, SignJWT } from "jose";
import { memory, textBytes } from "../edge/memory.ts";
import type { AppContext } from "../http.ts";
import type { Buying } from "./attempt.ts";
import { addressBlock, keyedHash } from "./caller.ts";
import { hmacKey } from "./hmac-key.ts";

export const VISIT_HEADER = "Visit-Token";
const PURPOSE = "visit";
const LIFE_SECONDS = 4 * 3_600;

/**
 * The account that used each visit first, as far as this isolate has seen. For any other account the visit does
 * not count. This stops only so much: a script that spreads one visit over many isolates gets one account past
 * each, and a script that fetches a visit for every account gets them all past.
 */
const usedBy = memory<string>("visits", { ttl: LIFE_SECONDS * 1_000, sizeOf: textBytes });

/** A token for a visit to this sale's page that begins now. No I/O. */
export async function signVisit(c: AppContext, saleId: string): Promise<string> {
  const { SIGNING_SECRET } = c.get("config");
  return new SignJWT({ sale: saleId, from: await keyedHash(addressBlock(c), SIGNING_SECRET) })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(PURPOSE)
    .setJti(crypto.randomUUID())
    .setIssuedAt(Date.now() / 1_000)
    .setExpirationTime(Math.floor(Date.now() / 1_000) + LIFE_SECONDS)
    .sign(await hmacKey(SIGNING_SECRET));
}

/**
 * How long ago the caller's visit began, in milliseconds; undefined without a valid token of theirs, or when
 * another account has used it before. A form carries the token in a field, scripts in a header.
 */
export async function visitAge(
  { c, entry, visit }: Buying,
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
    const from = await keyedHash(addressBlock(c), SIGNING_SECRET);
    if (payload.sale !== entry.sale.id || payload.from !== from) return undefined;
    if (!isFirst(payload.jti, account)) return undefined;
    return Date.now() - (payload.iat as number) * 1_000;
  } catch {
    return undefined;
  }
}

/** Whether no other account has used this visit. From now on it belongs to this one. */
function isFirst(id: string | undefined, account: string): boolean {
  if (id === undefined) return false;
  const user = usedBy.get(id) ?? account;
  usedBy.set(id, user);
  return user === account;
}

// Stage 5, and the door of every personal route: who asks. A bearer token or the session cookie holds a
// JWT; which algorithm it must have follows from the configuration, never from the token.
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from "jose";
import { LRUCache } from "lru-cache";
import type { Config } from "../config.ts";
import { type Refusal, refuse } from "../errors.ts";
import { hmacKey } from "./keys.ts";

export type AuthConfig = Pick<
  Config,
  "AUTH_SECRET" | "AUTH_JWKS_URL" | "AUTH_ISSUER" | "AUTH_AUDIENCE"
>;

export const SESSION_COOKIE = "session";
/** Asymmetric algorithms a key set may use; a shared secret is HS256 and nothing else. */
const JWKS_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_USER_ID = 128;
const MAX_TOKEN = 8_192;
/** Bounds the memory of verified tokens, in characters: some 20,000 of usual length. */
const MAX_VERIFIED_LENGTH = 8_000_000;
/** What an entry costs beside its token, roughly. */
const VERIFIED_OVERHEAD = 128;
const DEMO_TOKEN_LIFE = "12h";

export type Identity = { ok: true; userId: string } | Refused;
type Refused = { ok: false; refusal: Refusal };

const nobody = (detail: string): Refused => ({
  ok: false,
  refusal: refuse("unauthenticated", { detail }),
});

/** Says who asks. */
export async function identify(c: Context, config: AuthConfig): Promise<Identity> {
  return recognise(c, config) ?? verify(shownToken(c), config);
}

/**
 * Says who asks, as far as that takes no cryptography: who shows no token is refused, and whose token this
 * isolate has verified before is known. Undefined while a signature is still to be checked. A cookie
 * travels by itself, so a write that relies on it must also come from our own pages: its `Origin` has to
 * be ours.
 */
export function recognise(c: Context, config: AuthConfig): Identity | undefined {
  const token = shownToken(c);
  if (!token) return nobody("Send a bearer token or the session cookie");
  if (token.length > MAX_TOKEN) return nobody("The token is too long");
  const byItself = !["GET", "HEAD"].includes(c.req.method) && !c.req.header("authorization");
  if (byItself && !sameOrigin(c)) {
    return { ok: false, refusal: refuse("forbidden", { detail: "Cross-origin write refused" }) };
  }
  const known = verified.get(token);
  if (known?.config !== config || Date.now() >= known.expiresAt) return undefined;
  return { ok: true, userId: known.userId };
}

/** The token that a request shows; empty when there is none. */
function shownToken(c: Context): string {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) return getCookie(c, SESSION_COOKIE) ?? "";
  const [scheme = "", token = "", more] = authorization.split(" ", 3);
  return scheme.toLowerCase() === "bearer" && more === undefined ? token : "";
}

export const sameOrigin = (c: Context): boolean =>
  c.req.header("origin") === new URL(c.req.url).origin;

/** Tokens this isolate has verified, until they expire: a signature never changes its mind. */
const verified = new LRUCache<string, { userId: string; expiresAt: number; config: AuthConfig }>({
  maxSize: MAX_VERIFIED_LENGTH,
  sizeCalculation: (_, token) => token.length + VERIFIED_OVERHEAD,
});

async function verify(token: string, config: AuthConfig): Promise<Identity> {
  const options = {
    ...(config.AUTH_ISSUER ? { issuer: config.AUTH_ISSUER } : {}),
    ...(config.AUTH_AUDIENCE ? { audience: config.AUTH_AUDIENCE } : {}),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["sub", "exp"],
  };
  try {
    const { payload } = config.AUTH_SECRET
      ? await jwtVerify(token, await hmacKey(config.AUTH_SECRET), {
          ...options,
          algorithms: ["HS256"],
        })
      : await jwtVerify(token, keyFromSet(config.AUTH_JWKS_URL as string), {
          ...options,
          algorithms: JWKS_ALGORITHMS,
        });
    const { sub, exp } = payload as { sub: unknown; exp: number };
    const usable = typeof sub === "string" && sub.length > 0 && sub.length <= MAX_USER_ID;
    if (!usable || !sub.isWellFormed()) return nobody("The token names no usable subject");
    verified.set(token, { userId: sub, expiresAt: exp * 1_000, config });
    return { ok: true, userId: sub };
  } catch {
    return nobody("The token is not valid");
  }
}

const KEY_SET_LIFE_MS = 600_000;
/** A key we do not know may be new: ask again, but not for every forged token. */
const KEY_SET_PAUSE_MS = 30_000;
const KEY_SET_LIMIT_MS = 2_000;
let keys: {
  url: string;
  find: ReturnType<typeof createLocalJWKSet>;
  askAgainAt: number;
  until: number;
};

/** Fetches the provider's keys; while it does not answer, the old ones go on being used. */
async function fetchKeys(url: string): Promise<void> {
  const now = Date.now();
  if (keys?.url === url) keys.askAgainAt = now + KEY_SET_PAUSE_MS;
  const response = await fetch(url, { signal: AbortSignal.timeout(KEY_SET_LIMIT_MS) });
  if (!response.ok) throw new Error(`the key set answered ${response.status}`);
  const find = createLocalJWKSet((await response.json()) as JSONWebKeySet);
  keys = { url, find, askAgainAt: now + KEY_SET_PAUSE_MS, until: now + KEY_SET_LIFE_MS };
}

/** Looks a token's key up in the provider's set, kept ten minutes, or fetched anew for a new key. */
function keyFromSet(url: string): JWTVerifyGetKey {
  return async (header, token) => {
    if (keys?.url !== url) await fetchKeys(url);
    else if (Date.now() >= Math.max(keys.until, keys.askAgainAt))
      await fetchKeys(url).catch(() => {});
    try {
      return await keys.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || Date.now() < keys.askAgainAt) throw error;
      await fetchKeys(url);
      return keys.find(header, token);
    }
  };
}

/** A session for the demo login: what the shop's own identity provider issues in production. */
export async function signDemoToken(userId: string, config: AuthConfig): Promise<string> {
  const token = new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(DEMO_TOKEN_LIFE);
  if (config.AUTH_ISSUER) token.setIssuer(config.AUTH_ISSUER);
  if (config.AUTH_AUDIENCE) token.setAudience(config.AUTH_AUDIENCE);
  return token.sign(await hmacKey(config.AUTH_SECRET as string));
}

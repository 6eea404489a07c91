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
/** Bounds the memory: at most 40 MB of the largest tokens, in practice about 2. */
const MAX_VERIFIED = 5_000;
const DEMO_TOKEN_LIFE = "12h";

export type Identity = { ok: true; userId: string } | { ok: false; refusal: Refusal };

const nobody = (detail: string): Identity => ({
  ok: false,
  refusal: refuse("unauthenticated", { detail }),
});

/**
 * Says who asks. A cookie travels by itself, so a write that relies on it must also come from our own
 * pages: its `Origin` has to be ours.
 */
export async function identify(c: Context, config: AuthConfig): Promise<Identity> {
  const authorization = c.req.header("authorization");
  if (authorization !== undefined) {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
    return token ? verify(token, config) : nobody("The Authorization header is not a bearer token");
  }
  const token = getCookie(c, SESSION_COOKIE);
  if (!token) return nobody("Send a bearer token or the session cookie");
  if (!["GET", "HEAD"].includes(c.req.method) && !sameOrigin(c)) {
    return { ok: false, refusal: refuse("forbidden", { detail: "Cross-origin write refused" }) };
  }
  return verify(token, config);
}

export const sameOrigin = (c: Context): boolean =>
  c.req.header("origin") === new URL(c.req.url).origin;

/** Tokens this isolate has verified, until they expire: a signature never changes its mind. */
const verified = new LRUCache<string, { userId: string; expiresAt: number; config: AuthConfig }>({
  max: MAX_VERIFIED,
});

async function verify(token: string, config: AuthConfig): Promise<Identity> {
  if (token.length > MAX_TOKEN) return nobody("The token is too long");
  const known = verified.get(token);
  if (known?.config === config && Date.now() < known.expiresAt) {
    return { ok: true, userId: known.userId };
  }
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

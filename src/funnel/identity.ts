// Stage 5, and the door of every personal route: who asks. A bearer token or the session cookie holds a
// JWT; which algorithm it must have follows from the configuration, never from the token.
import { getCookie } from "hono/cookie";
import { jwtVerify, SignJWT } from "jose";
import type { Config } from "../config.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { memory, textBytes } from "../memory.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { KeysUnavailable, keyFromSet } from "./key-set.ts";
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
const DEMO_TOKEN_LIFE = "12h";

export type Identity = { ok: true; userId: string } | Refused;
type Refused = { ok: false; refusal: Refusal };

const nobody = (detail: string): Refused => ({
  ok: false,
  refusal: refuse("unauthenticated", { detail }),
});

/** Says who asks. */
export async function identify(c: AppContext, config: AuthConfig): Promise<Identity> {
  return recognise(c, config) ?? verify(c, shown(c).token, config);
}

/**
 * Says who asks, as far as that takes no cryptography: who shows no token is refused, and whose token this
 * isolate has verified before is known. Undefined while a signature is still to be checked. A cookie
 * travels by itself, so a write that relies on it must also come from our own pages: its `Origin` has to
 * be ours.
 */
function recognise(c: AppContext, config: AuthConfig): Identity | undefined {
  const { token, byItself } = shown(c);
  if (!token) return nobody("Send a bearer token or the session cookie");
  if (token.length > MAX_TOKEN) return nobody("The token is too long");
  if (byItself && !["GET", "HEAD"].includes(c.req.method) && !sameOrigin(c)) {
    return { ok: false, refusal: refuse("forbidden", { detail: "Cross-origin write refused" }) };
  }
  const known = verified.get(token);
  if (known?.config !== config || Date.now() >= known.expiresAt) return undefined;
  return { ok: true, userId: known.userId };
}

/** The token that a request shows, empty when there is none, and whether the browser sent it by itself. */
function shown(c: AppContext): { token: string; byItself: boolean } {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) {
    return { token: getCookie(c, SESSION_COOKIE) ?? "", byItself: true };
  }
  const [scheme = "", token = "", more] = authorization.split(" ", 3);
  const isBearer = scheme.toLowerCase() === "bearer" && more === undefined;
  return { token: isBearer ? token : "", byItself: false };
}

/** Whether one of our own pages sends this. */
export const sameOrigin = (c: AppContext): boolean =>
  c.req.header("origin") === (c.get("config").PUBLIC_ORIGIN ?? new URL(c.req.url).origin);

/** Tokens this isolate has verified, until they expire: a signature never changes its mind. */
const verified = memory<{ userId: string; expiresAt: number; config: AuthConfig }>("tokens", {
  sizeOf: ({ userId }) => 64 + textBytes(userId),
});

async function verify(c: AppContext, token: string, config: AuthConfig): Promise<Identity> {
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
      : await jwtVerify(token, keyFromSet(c, config.AUTH_JWKS_URL as string), {
          ...options,
          algorithms: JWKS_ALGORITHMS,
        });
    const { sub, exp } = payload as { sub: unknown; exp: number };
    const usable = typeof sub === "string" && sub.length > 0 && sub.length <= MAX_USER_ID;
    if (!usable || !sub.isWellFormed()) return nobody("The token names no usable subject");
    verified.set(token, { userId: sub, expiresAt: exp * 1_000, config });
    return { ok: true, userId: sub };
  } catch (error) {
    return error instanceof KeysUnavailable
      ? { ok: false, refusal: refuse("unavailable", { detail: "Sign-ins cannot be checked now" }) }
      : nobody("The token is not valid");
  }
}

/** Who shows no token is refused, and who is known needs no signature check: both cost nothing. */
export const recognised: Stage = {
  name: "identity",
  check: (attempt) => take(attempt, recognise(attempt.c, attempt.c.get("config"))),
};

/** Stage 5, for whom this isolate does not know yet. */
export const identity: Stage = {
  name: "identity",
  async check(attempt) {
    if (attempt.userId !== undefined) return undefined;
    return take(attempt, await identify(attempt.c, attempt.c.get("config")));
  },
};

function take(attempt: Attempt, identity: Identity | undefined): Refusal | undefined {
  if (identity?.ok === false) return identity.refusal;
  if (identity) attempt.userId = identity.userId;
  return undefined;
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

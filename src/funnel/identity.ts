// Identifies the caller, here and on every personal route. A bearer token or the session cookie holds a JWT; its
// algorithm follows from the configuration, never from the token.
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import type { Config } from "../config.ts";
import { memory, textBytes } from "../edge/memory.ts";
import { INVALID_TOKEN, type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { hmacKey } from "./hmac-key.ts";
import { KeysUnavailable, verifyBySet } from "./key-set.ts";

export type AuthConfig = Pick<
  Config,
  "AUTH_SECRET" | "AUTH_JWKS_URL" | "AUTH_ISSUER" | "AUTH_AUDIENCE"
>;

export const SESSION_COOKIE = "session";
/** Asymmetric algorithms a key set may use; a shared secret is HS256 and nothing else. */
const JWKS_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];
const algorithmsOf = ({ AUTH_SECRET }: AuthConfig): string[] =>
  AUTH_SECRET ? ["HS256"] : JWKS_ALGORITHMS;
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_USER_ID = 128;
const MAX_TOKEN = 8_192;
/** Each session cookie may cost a signature check. */
const MAX_SESSIONS = 5;
const DEMO_TOKEN_LIFE = "12h";

export type Identity = { ok: true; userId: string } | Refused;
type Refused = { ok: false; refusal: Refusal };

const NOBODY: Refused = {
  ok: false,
  refusal: refuse("unauthenticated", { detail: "Send a bearer token or the session cookie" }),
};

const invalid = (detail: string): Refused => ({
  ok: false,
  refusal: refuse("unauthenticated", { detail, headers: INVALID_TOKEN }),
});

/** Identifies the caller by the first valid token. */
export async function identify(c: AppContext, config: AuthConfig): Promise<Identity> {
  const known = recognize(c, config);
  if (known) return known;
  let refused: Identity = NOBODY;
  for (const token of shown(c, config).tokens) {
    const identity = await verify(c, token, config);
    if (identity.ok) return identity;
    // Of several tokens, the one that cannot be checked now may be the good one.
    if (refused.refusal.reason !== "unavailable") refused = identity;
  }
  return refused;
}

/**
 * Identifies the caller without cryptography: a request without a token is refused, and a token that this
 * isolate has verified before names its user. Undefined while a signature still has to be checked. Browsers
 * send a cookie by themselves, so a write that relies on it must also come from our own pages.
 */
function recognize(c: AppContext, config: AuthConfig): Identity | undefined {
  const { tokens, byItself } = shown(c, config);
  if (tokens.length === 0) return NOBODY;
  if (tokens.every((token) => token.length > MAX_TOKEN)) return invalid("The token is too long");
  const foreign = byItself && !["GET", "HEAD"].includes(c.req.method) && csrfRefusal(c);
  if (foreign) return { ok: false, refusal: foreign };
  for (const token of tokens) {
    const known = verified.get(token);
    if (known?.config === config && Date.now() < known.expiresAt) {
      return { ok: true, userId: known.userId };
    }
  }
  return undefined;
}

/** The tokens of a request, and whether the browser sent them by itself. */
function shown(c: AppContext, config: AuthConfig): { tokens: string[]; byItself: boolean } {
  if (c.req.header("authorization") === undefined) {
    return { tokens: sessions(c.req.header("cookie") ?? "", config), byItself: true };
  }
  const token = bearerToken(c);
  return { tokens: token === undefined ? [] : [token], byItself: false };
}

const BEARER = /^bearer[ \t]+(?=\S)/i;

/** The token of an Authorization header, after `Bearer` and any blanks; undefined without one. */
export function bearerToken(c: AppContext): string | undefined {
  const authorization = c.req.header("authorization") ?? "";
  const [scheme] = BEARER.exec(authorization) ?? [];
  return scheme && authorization.slice(scheme.length);
}

/**
 * The session cookies of a Cookie header: a browser sends one for this host and one for the domain above,
 * without saying which is which. A repeated header is joined by a comma. Of too many cookies, only
 * those that may be good count.
 */
function sessions(header: string, config: AuthConfig): string[] {
  const tokens: string[] = [];
  for (const pair of header.split(/[;,]/)) {
    const [name, value = ""] = pair.split("=", 2);
    if (name?.trim() !== SESSION_COOKIE) continue;
    const token = value.trim().replace(/^"(.*)"$/, "$1");
    if (token !== "") tokens.push(token);
  }
  if (tokens.length <= MAX_SESSIONS) return tokens;
  const live = tokens.filter((token) => !isHopeless(token, config));
  return (live.length > 0 ? live : tokens).slice(0, MAX_SESSIONS);
}

/**
 * Whether no key could make a token good: it has expired, another issuer made it, or it is none. Its signature
 * is not checked.
 */
function isHopeless(token: string, config: AuthConfig): boolean {
  if (token.length > MAX_TOKEN) return true;
  try {
    const { alg = "" } = decodeProtectedHeader(token);
    const { exp, iss } = decodeJwt(token);
    if (!algorithmsOf(config).includes(alg)) return true;
    if (config.AUTH_ISSUER && iss !== config.AUTH_ISSUER) return true;
    return typeof exp !== "number" || exp + CLOCK_TOLERANCE_SECONDS < Date.now() / 1_000;
  } catch {
    return true;
  }
}

const NO_ORIGIN = refuse("forbidden", {
  detail: "Send the Origin header: a write by cookie must show that it comes from this site",
});
const OTHER_ORIGIN = refuse("forbidden", { detail: "This request was sent from another site" });

/** Refuses a write that does not come from a page of ours: its `Origin` must be ours. */
export function csrfRefusal(c: AppContext): Refusal | undefined {
  const origin = c.req.header("origin");
  if (origin === undefined) return NO_ORIGIN;
  const ours = c.get("config").PUBLIC_ORIGIN ?? new URL(c.req.url).origin;
  return origin === ours ? undefined : OTHER_ORIGIN;
}

/** Tokens this isolate has verified, until they expire: a valid signature stays valid. */
const verified = memory<{ userId: string; expiresAt: number; config: AuthConfig }>("tokens", {
  sizeOf: ({ userId }) => 64 + textBytes(userId),
});

async function verify(c: AppContext, token: string, config: AuthConfig): Promise<Identity> {
  if (token.length > MAX_TOKEN) return invalid("The token is too long");
  if (isHopeless(token, config)) return invalid("The token is not valid");
  const options = {
    ...(config.AUTH_ISSUER ? { issuer: config.AUTH_ISSUER } : {}),
    ...(config.AUTH_AUDIENCE ? { audience: config.AUTH_AUDIENCE } : {}),
    algorithms: algorithmsOf(config),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["sub", "exp"],
  };
  try {
    const { payload } = config.AUTH_SECRET
      ? await jwtVerify(token, await hmacKey(config.AUTH_SECRET), options)
      : await verifyBySet(c.get("scope"), config.AUTH_JWKS_URL as string, token, options);
    const { sub, exp } = payload as { sub: unknown; exp: number };
    const usable = typeof sub === "string" && sub.length > 0 && sub.length <= MAX_USER_ID;
    if (!usable || !sub.isWellFormed()) return invalid("The token names no usable subject");
    verified.set(token, { userId: sub, expiresAt: exp * 1_000, config });
    return { ok: true, userId: sub };
  } catch (error) {
    return error instanceof KeysUnavailable ? unchecked(error) : invalid("The token is not valid");
  }
}

const unchecked = ({ retryAfterSeconds }: KeysUnavailable): Refused => ({
  ok: false,
  refusal: refuse("unavailable", { detail: "Sign-ins cannot be checked now", retryAfterSeconds }),
});

/** Refuses a caller without a token, and names one whose token was verified before. Both cost nothing. */
export const recognized: Stage = {
  name: "identity",
  check: (attempt) => take(attempt, recognize(attempt.c, attempt.c.get("config"))),
};

/** Takes the caller's name into the attempt, or returns the refusal. */
export function take(attempt: Attempt, identity: Identity | undefined): Refusal | undefined {
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

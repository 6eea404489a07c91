// Identifies the caller, in the funnel and on every personal route, by a JWT in the Authorization header or the
// session cookie. The configuration decides which algorithms are valid, never the token.
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import {
  claimsSynthetic,
  isSynthetic,
  type Rehearsed,
  readPerson,
} from "../admission/rehearsal.ts";
import { findSale } from "../catalog/archive.ts";
import { mayRehearse } from "../catalog/rehearsal-terms.ts";
import { CURRENT_MS } from "../catalog/snapshot.ts";
import type { Config } from "../config/config.ts";
import { memory, textBytes } from "../edge/memory.ts";
import { INVALID_TOKEN, type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { emailOf } from "./email.ts";
import { hmacKey } from "./hmac-key.ts";
import { KeysUnavailable, verifyBySet } from "./key-set.ts";

export type AuthConfig = Pick<
  Config,
  "AUTH_SECRET" | "AUTH_JWKS_URL" | "AUTH_ISSUER" | "AUTH_AUDIENCE"
>;

export const SESSION_COOKIE = "session";
/** The asymmetric algorithms accepted with a key set. A shared secret allows HS256 only. */
const JWKS_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];
const algorithmsOf = ({ AUTH_SECRET }: AuthConfig): string[] =>
  AUTH_SECRET ? ["HS256"] : JWKS_ALGORITHMS;
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_USER_ID = 128;
const MAX_TOKEN = 8_192;
/** Most session cookies checked in one request, because each may cost a signature check. */
const MAX_SESSIONS = 5;
const DEMO_TOKEN_LIFE = "12h";

/**
 * Who the caller is. `email`: absent unless the token states a valid address. `rehearsed`: absent unless the person is a synthetic
 * one.
 */
interface Person {
  userId: string;
  email?: string;
  rehearsed?: Rehearsed;
}

export type Identity = ({ ok: true } & Person) | Refused;
type Refused = { ok: false; refusal: Refusal };

const NO_TOKEN: Refused = {
  ok: false,
  refusal: refuse("unauthenticated", { detail: "Send a bearer token or the session cookie" }),
};

const invalid = (detail: string): Refused => ({
  ok: false,
  refusal: refuse("unauthenticated", { detail, headers: INVALID_TOKEN }),
});

const REAL_MONEY = invalid("This deployment takes real money now, so this rehearsal is over");

/** Identifies the caller by the first valid token, or returns why there is none. */
export async function identify(c: AppContext, config: AuthConfig): Promise<Identity> {
  const known = recognize(c, config);
  if (known) return known;
  let refused: Identity = NO_TOKEN;
  const { tokens, fromCookie } = tokensOf(c, config);
  for (const token of tokens) {
    const isRehearsal = !fromCookie && claimsSynthetic(token);
    const identity = await (isRehearsal ? rehearse(c, token) : verify(c, token, config));
    if (identity.ok) return identity;
    // One of several tokens may be valid but cannot be checked now, so "unavailable" takes precedence.
    if (refused.refusal.reason !== "unavailable") refused = identity;
  }
  return refused;
}

/**
 * Identifies the caller without cryptography: refuses a request without a token, and identifies the user of a token
 * this isolate has verified before. Returns undefined if a signature must be checked. Browsers attach cookies to
 * requests from any site, so a write with a cookie must come from our own pages.
 */
function recognize(c: AppContext, config: AuthConfig): Identity | undefined {
  const { tokens, fromCookie } = tokensOf(c, config);
  if (tokens.length === 0) return NO_TOKEN;
  if (tokens.every((token) => token.length > MAX_TOKEN)) return invalid("The token is too long");
  const csrf = fromCookie && !["GET", "HEAD"].includes(c.req.method) && csrfRefusal(c);
  if (csrf) return { ok: false, refusal: csrf };
  for (const token of tokens) {
    const known = verified.get(token);
    if (known?.config === config && Date.now() < known.expiresAt) {
      return { ok: true, ...known.person };
    }
  }
  return undefined;
}

/** The tokens of a request. An Authorization header takes precedence over cookies. */
function tokensOf(c: AppContext, config: AuthConfig): { tokens: string[]; fromCookie: boolean } {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) {
    return { tokens: sessions(c.req.header("cookie") ?? "", config), fromCookie: true };
  }
  const token = bearerToken(authorization);
  return { tokens: token === undefined ? [] : [token], fromCookie: false };
}

const BEARER = /^bearer[ \t]+(?=\S)/i;

/** The token of an Authorization header, after `Bearer` and any spaces. Undefined if there is none. */
export function bearerToken(authorization: string): string | undefined {
  const [scheme] = BEARER.exec(authorization) ?? [];
  return scheme && authorization.slice(scheme.length);
}

/**
 * The session cookies of a Cookie header. A browser may send one for this host and one for each parent domain,
 * without marking which is which. Repeated headers are joined by a comma. With more than `MAX_SESSIONS`, cookies
 * that cannot be valid are dropped first.
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
  const plausible = tokens.filter((token) => !isCertainlyInvalid(token, config));
  return (plausible.length > 0 ? plausible : tokens).slice(0, MAX_SESSIONS);
}

/**
 * Whether a token is invalid whatever its signature: expired, from another issuer, or malformed. Does not check the
 * signature.
 */
function isCertainlyInvalid(token: string, config: AuthConfig): boolean {
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

/** Refuses a write from another site (CSRF): the `Origin` header must be ours. */
export function csrfRefusal(c: AppContext): Refusal | undefined {
  const origin = c.req.header("origin");
  if (origin === undefined) return NO_ORIGIN;
  const ours = c.get("config").PUBLIC_ORIGIN ?? new URL(c.req.url).origin;
  return origin === ours ? undefined : OTHER_ORIGIN;
}

/** Tokens this isolate has verified, used until they expire. */
const verified = memory<{ person: Person; expiresAt: number; config: AuthConfig }>("tokens", {
  sizeOf: ({ person: { userId, email = "" } }) => 96 + textBytes(userId) + textBytes(email),
});

async function verify(c: AppContext, token: string, config: AuthConfig): Promise<Identity> {
  if (token.length > MAX_TOKEN) return invalid("The token is too long");
  if (isCertainlyInvalid(token, config)) return invalid("The token is not valid");
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
    if (!usable || !sub.isWellFormed() || isSynthetic(sub)) {
      return invalid("The token names no usable subject");
    }
    const email = emailOf(payload.email);
    const person = { userId: sub, ...(email === undefined ? {} : { email }) };
    verified.set(token, { person, expiresAt: exp * 1_000, config });
    return { ok: true, ...person };
  } catch (error) {
    return error instanceof KeysUnavailable ? unchecked(error) : invalid("The token is not valid");
  }
}

/**
 * Identifies a synthetic person whose rehearsal exists. Not remembered, so that nobody outlives the rehearsal. No I/O while the
 * catalog is current.
 */
async function rehearse(c: AppContext, token: string): Promise<Identity> {
  const config = c.get("config");
  const person = readPerson(config.SIGNING_SECRET, token, Date.now());
  if (!person) return invalid("The token is not valid");
  const entry = await findSale(c.get("scope"), person.rehearsed.saleId, CURRENT_MS);
  if (!entry?.sale.rehearsal) return invalid("The token is not valid");
  return mayRehearse(entry.sale, config) ? { ok: true, ...person } : REAL_MONEY;
}

const unchecked = ({ retryAfterSeconds }: KeysUnavailable): Refused => ({
  ok: false,
  refusal: refuse("unavailable", { detail: "Sign-ins cannot be checked now", retryAfterSeconds }),
});

/** Refuses a caller without a token, and identifies a caller whose token was verified before. Both are free. */
export const recognized: Stage = {
  name: "identity",
  check: (attempt) => applyIdentity(attempt, recognize(attempt.c, attempt.c.get("config"))),
};

/** Stores the caller in the attempt, or returns the refusal. */
export function applyIdentity(
  attempt: Attempt,
  identity: Identity | undefined,
): Refusal | undefined {
  if (identity?.ok === false) return identity.refusal;
  const { ok: _, ...person } = identity ?? {};
  Object.assign(attempt, person);
  return undefined;
}

/** A session token for the demo login. In production, the shop's identity provider issues the tokens. */
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

// Authenticates operators and viewers: by a bearer token, by Cloudflare Access, or by the console's session. Refuses
// every change by a viewer, whatever the route. Wrong tokens are limited by address.
import { createMiddleware } from "hono/factory";
import { memory } from "../edge/memory.ts";
import { addressBlock } from "../funnel/caller.ts";
import { passesShield, SHIELD_PERIOD_SECONDS } from "../funnel/flood-shield.ts";
import { bearerToken, csrfRefusal } from "../funnel/identity.ts";
import { INVALID_TOKEN, problem, type Refusal, refuse } from "../http/errors.ts";
import type { AppContext, AppEnv, Operator } from "../http/request.ts";
import { log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { readAssertion } from "./access.ts";
import { readSession, SESSION_MS } from "./session.ts";

/** `expiresAt`: when what was shown stops being valid, in milliseconds since 1970. */
type Authenticated =
  | { ok: true; operator: Operator; expiresAt: number }
  | { ok: false; refusal: Refusal };

const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

/** Compares digests, so that timing reveals neither the content nor the length of the secret. */
async function isEqual(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([digest(a), digest(b)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

/** Addresses that sent too many wrong tokens. The shield is not called for them until its period ends. */
const lockedOut = memory<true>("lockedOut", { ttl: SHIELD_PERIOD_SECONDS * 1_000 });

const TOO_MANY = refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
const WRONG = refuse("unauthenticated", {
  detail: "This is not the token of an operator or viewer",
  headers: INVALID_TOKEN,
});
const READ_ONLY = refuse("forbidden", {
  detail: "You are signed in as a viewer: you can read everything here, and change nothing",
});
const NOT_SIGNED_IN = refuse("unauthenticated");

/** Lets operators do everything, and viewers read. */
export const authorize = createMiddleware<AppEnv>(async function authorize(c, next) {
  const found = await authenticate(c);
  if (!found.ok) return problem(c, found.refusal);
  c.set("operator", found.operator);
  return next();
});

const isRead = (c: AppContext): boolean => ["GET", "HEAD"].includes(c.req.method);

/** Finds out who operates. A viewer's write is refused. */
export async function authenticate(c: AppContext): Promise<Authenticated> {
  const found = await identify(c);
  const mayWrite = found.ok && found.operator.role === "operator";
  return !found.ok || mayWrite || isRead(c) ? found : refused(READ_ONLY);
}

/**
 * An Authorization header counts first: scripts send it, and browsers never do so by themselves.
 * Browsers attach a cookie or the assertion of Access to every request, so a write with either must come from this site.
 */
async function identify(c: AppContext): Promise<Authenticated> {
  const authorization = c.req.header("authorization");
  if (authorization !== undefined) {
    const token = bearerToken(authorization);
    return token === undefined ? refused(NOT_SIGNED_IN) : authenticateToken(c, token);
  }
  const found = (await byAssertion(c)) ?? bySession(c);
  const foreign = found.ok && !isRead(c) ? csrfRefusal(c) : undefined;
  return foreign ? refused(foreign) : found;
}

/**
 * Compares every token, even those of a locked-out address, because the operator may share it, and a comparison is
 * cheap. Only wrong tokens count toward the limit, so nobody can lock the operator out.
 */
export async function authenticateToken(c: AppContext, token: string): Promise<Authenticated> {
  const { ADMIN_TOKEN, VIEWER_TOKEN } = c.get("config");
  if (await isEqual(token, ADMIN_TOKEN)) return signedInAs("operator", Date.now() + SESSION_MS);
  if (VIEWER_TOKEN && (await isEqual(token, VIEWER_TOKEN)))
    return signedInAs("viewer", Date.now() + SESSION_MS);
  return refused(await refuseGuess(c));
}

async function byAssertion(c: AppContext): Promise<Authenticated | undefined> {
  const assertion = await readAssertion(c);
  switch (assertion.state) {
    case "absent":
      return undefined;
    case "valid":
      return { ok: true, operator: assertion.operator, expiresAt: assertion.expiresAt };
    case "invalid":
      return refused(await refuseGuess(c));
    case "unavailable":
      return refused(refuse("unavailable", { detail: "Cloudflare Access does not answer" }));
  }
}

function bySession(c: AppContext): Authenticated {
  const session = readSession(c);
  return session ? signedInAs(session.role, session.expiresAt) : refused(NOT_SIGNED_IN);
}

/** A shared token does not say who holds it. */
const signedInAs = (role: Operator["role"], expiresAt: number): Authenticated => ({
  ok: true,
  operator: { name: role, role },
  expiresAt,
});

const refused = (refusal: Refusal): Authenticated => ({ ok: false, refusal });

/** The refusal of a wrong token or assertion: counts it, and logs it without the value. */
async function refuseGuess(c: AppContext): Promise<Refusal> {
  const refusal = (await isWithinLimit(c)) ? WRONG : TOO_MANY;
  count("operator_refused", refusal.reason);
  log("operator.refused", { requestId: c.get("requestId"), reason: refusal.reason });
  return refusal;
}

async function isWithinLimit(c: AppContext): Promise<boolean> {
  const address = addressBlock(c);
  if (lockedOut.has(address)) return false;
  const passes = await passesShield(c, `operator|${address}`);
  if (!passes) lockedOut.set(address, true);
  return passes;
}

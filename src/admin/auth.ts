// Authenticates the operator by a bearer token, compared in constant time. Wrong tokens are limited by address.
import { createMiddleware } from "hono/factory";
import { memory } from "../edge/memory.ts";
import { INVALID_TOKEN, problem, type Refusal, refuse } from "../errors.ts";
import { addressBlock } from "../funnel/caller.ts";
import { passesShield, SHIELD_PERIOD_SECONDS } from "../funnel/flood-shield.ts";
import { bearerToken } from "../funnel/identity.ts";
import type { AppContext, AppEnv } from "../http.ts";
import { log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";

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
  detail: "This is not the operator's token",
  headers: INVALID_TOKEN,
});

/**
 * Compares every token, even those of a locked-out address, because the operator may share it, and a comparison is
 * cheap. Only wrong tokens count toward the limit, so nobody can lock the operator out.
 */
export const requireOperator = createMiddleware<AppEnv>(async function requireOperator(c, next) {
  const token = bearerToken(c);
  if (token === undefined) return problem(c, refuse("unauthenticated"));
  if (await isEqual(token, c.get("config").ADMIN_TOKEN)) {
    c.set("operator", { name: "operator", role: "operator" });
    return next();
  }
  const address = addressBlock(c);
  if (lockedOut.has(address)) return refused(c, TOO_MANY);
  if (await passesShield(c, `operator|${address}`)) return refused(c, WRONG);
  lockedOut.set(address, true);
  return refused(c, TOO_MANY);
});

function refused(c: AppContext, refusal: Refusal): Response {
  count("operator.refused", refusal.reason);
  log("operator.refused", { requestId: c.get("requestId"), reason: refusal.reason });
  return problem(c, refusal);
}

// The operator's door: a bearer token, compared in constant time.
import { createMiddleware } from "hono/factory";
import { problem, refuse } from "../errors.ts";
import type { AppEnv } from "../http.ts";

const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

/** Compares digests, so that neither content nor length of the secret shows in the time it takes. */
async function same(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([digest(a), digest(b)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

export const requireOperator = createMiddleware<AppEnv>(async function requireOperator(c, next) {
  const token = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === undefined) return problem(c, refuse("unauthenticated"));
  if (!(await same(token, c.get("config").ADMIN_TOKEN))) return problem(c, refuse("forbidden"));
  return next();
});

// The demo login, off unless DEMO_LOGIN is "true". Anyone can sign in as any user, which gives the demo and the
// rehearsal their buyers. In production, buyers have a token from the shop's identity provider.
import { type Context, Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import { isLocal } from "../config/local-address.ts";
import { problem, refuse } from "../http/errors.ts";
import { type AppEnv, readJson } from "../http/request.ts";
import { shieldRoute } from "./flood-shield.ts";
import { csrfRefusal, SESSION_COOKIE, signDemoToken } from "./identity.ts";

const MAX_LOGIN_BYTES = 1_024;
const COOKIE_LIFE_SECONDS = 12 * 3_600;

export const loginSchema = z.strictObject({
  user: z.string().trim().min(1).max(128),
});

export const loginRoutes = new Hono<AppEnv>().post("/login", async (c) => {
  const config = c.get("config");
  if (!config.DEMO_LOGIN) return problem(c, refuse("not_found"));
  // A form on another site must not sign a visitor in as another user.
  const refusal = (c.req.header("origin") && csrfRefusal(c)) || (await shieldRoute(c, "login"));
  if (refusal) return problem(c, refusal);
  const body = await readJson(c, loginSchema, MAX_LOGIN_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const token = await signDemoToken(body.value.user, config);
  setSession(c, token);
  return c.json({ token });
});

/** Omits `Secure` on localhost only, which has no HTTPS. */
export const cookieOptions = (url: string) =>
  ({ path: "/", httpOnly: true, sameSite: "Lax", secure: !isLocal(url) }) as const;

/** Sets the session cookie for this host only. */
export function setSession(c: Context<AppEnv>, token: string): void {
  const options = cookieOptions(c.req.url);
  setCookie(c, SESSION_COOKIE, token, { ...options, maxAge: COOKIE_LIFE_SECONDS });
}

/**
 * Deletes the session cookies of this host and of its parent domains, where a shop may have set one: a browser sends
 * them all. Browsers ignore public suffixes such as `co.uk`.
 */
export function clearSessions(c: Context<AppEnv>): void {
  const options = cookieOptions(c.req.url);
  deleteCookie(c, SESSION_COOKIE, options);
  for (const domain of domainsOf(new URL(c.req.url).hostname)) {
    deleteCookie(c, SESSION_COOKIE, { ...options, domain });
  }
}

/** For the host `a.shop.example`: `a.shop.example` and `shop.example`. Empty for an IP address or a single label. */
function domainsOf(hostname: string): string[] {
  if (/^[\d.]+$|[:[]/.test(hostname)) return [];
  const labels = hostname.split(".");
  return labels.slice(0, -1).map((_, at) => labels.slice(at).join("."));
}

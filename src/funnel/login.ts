// The demo login: closed unless DEMO_LOGIN is "true". It lets anybody be anybody, so that the demo and
// the rehearsal have buyers; production buyers come with a token of the shop's identity provider.
import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import * as z from "zod";
import { problem, refuse } from "../errors.ts";
import { type AppEnv, readJson } from "../http.ts";
import { shieldRoute } from "./flood.ts";
import { SESSION_COOKIE, sameOrigin, signDemoToken } from "./identity.ts";

const MAX_LOGIN_BYTES = 1_024;
const COOKIE_LIFE_SECONDS = 12 * 3_600;
const LOCAL_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

export const loginSchema = z.strictObject({
  user: z
    .string()
    .trim()
    .min(1)
    .max(128)
    .refine((user) => user.isWellFormed(), "is not Unicode"),
});

export const loginRoutes = new Hono<AppEnv>().post("/login", async (c) => {
  const config = c.get("config");
  if (!config.DEMO_LOGIN) return problem(c, refuse("not_found"));
  // A form on another site must not sign a visitor in as somebody else.
  if (c.req.header("origin") !== undefined && !sameOrigin(c)) {
    return problem(c, refuse("forbidden", { detail: "Cross-origin write refused" }));
  }
  const refusal = await shieldRoute(c, "login");
  if (refusal) return problem(c, refusal);
  const body = await readJson(c, loginSchema, MAX_LOGIN_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const token = await signDemoToken(body.value.user, config);
  setSession(c, token);
  return c.json({ token });
});

/** Sets the session cookie; without `Secure` only where browsers accept it so, on this machine. */
export function setSession(c: Context<AppEnv>, token: string): void {
  setCookie(c, SESSION_COOKIE, token, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: !LOCAL_HOSTS.has(new URL(c.req.url).hostname),
    maxAge: COOKIE_LIFE_SECONDS,
  });
}

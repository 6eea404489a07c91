// The console's session: a signed cookie in place of the token, so that neither a page nor its scripts hold the token.
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { readToken, signToken } from "../admission/token.ts";
import type { Config } from "../config/config.ts";
import { isLocal } from "../config/local-address.ts";
import { keyedDigest } from "../digest.ts";
import type { AppContext, Operator } from "../http/request.ts";

/** How long a sign-in with a token lasts. */
export const SESSION_MS = 8 * 3_600_000;
const ROLES = ["operator", "viewer"] as const;

type SessionConfig = Pick<Config, "SIGNING_SECRET" | "ADMIN_TOKEN" | "VIEWER_TOKEN">;

/** A sign-in with a token. `expiresAt`: milliseconds since 1970. */
export interface Session {
  role: Operator["role"];
  expiresAt: number;
}

/**
 * The key of a role's sessions. It follows from the token that its holders signed in with, so a new token ends their
 * sessions. Undefined if the role has no token.
 */
function keyOf(config: SessionConfig, role: Operator["role"]): string | undefined {
  const token = role === "operator" ? config.ADMIN_TOKEN : config.VIEWER_TOKEN;
  return token && keyedDigest(config.SIGNING_SECRET, `session.${role}.${token}`);
}

/** The session that a cookie's value proves. Undefined if it is forged or over. */
export function verifySession(
  config: SessionConfig,
  value: string,
  now: number,
): Session | undefined {
  for (const role of ROLES) {
    const key = keyOf(config, role);
    const payload = key && readToken(key, "session", value);
    if (!payload) continue;
    const { expiresAt } = payload as Session;
    return now < expiresAt ? { role, expiresAt } : undefined;
  }
  return undefined;
}

/** Browsers accept a `__Host-` cookie from this host only, and send it to no other. Localhost has no HTTPS. */
const cookieOf = (url: string) =>
  isLocal(url) ? { name: "operator", secure: false } : { name: "__Host-operator", secure: true };

/** Sets the cookie of a new session. */
export function startSession(c: AppContext, role: Operator["role"]): Session {
  const expiresAt = Date.now() + SESSION_MS;
  const key = keyOf(c.get("config"), role) as string;
  const { name, secure } = cookieOf(c.req.url);
  setCookie(c, name, signToken(key, "session", { expiresAt }), {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure,
    maxAge: SESSION_MS / 1_000,
  });
  return { role, expiresAt };
}

/** The session of a request's cookie. */
export function readSession(c: AppContext): Session | undefined {
  const value = getCookie(c, cookieOf(c.req.url).name);
  return value === undefined ? undefined : verifySession(c.get("config"), value, Date.now());
}

/** Deletes the cookie in this browser. */
export function endSession(c: AppContext): void {
  const { name, secure } = cookieOf(c.req.url);
  deleteCookie(c, name, { path: "/", secure });
}

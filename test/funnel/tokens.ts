// Valid and invalid tokens, and how the Worker identifies their callers.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { type JWTPayload, SignJWT } from "jose";
import { type Config, requireConfig } from "../../src/config/config.ts";
import { type AuthConfig, identify } from "../../src/funnel/identity.ts";
import type { AppEnv } from "../../src/http/request.ts";
import { ORIGIN } from "../support/http.ts";

const SECRET = "a-secret-of-the-shop-with-enough-characters";
export const shared: AuthConfig = { AUTH_SECRET: SECRET };
export const key = (secret = SECRET) => new TextEncoder().encode(secret);

/** The user id of a request's caller, or the code of the refusal. */
export async function whoAsks(config: AuthConfig, headers: Record<string, string>, method = "GET") {
  const ctx = createExecutionContext();
  const whole: Config = { ...requireConfig(env), ...config };
  const app = new Hono<AppEnv>().all("/", async (c) => {
    c.set("config", whole);
    c.set("scope", {
      config: whole,
      env: c.env,
      waitUntil: (work) => ctx.waitUntil(work),
    });
    return c.json(await identify(c, config));
  });
  const answer = await app.request(`${ORIGIN}/`, { method, headers }, env, ctx);
  const identity = (await answer.json()) as Awaited<ReturnType<typeof identify>>;
  return identity.ok ? identity.userId : identity.refusal.reason;
}

export const bearing = (config: AuthConfig, token: string) =>
  whoAsks(config, { authorization: `Bearer ${token}` });

interface TokenOptions {
  claims?: JWTPayload;
  header?: { alg?: string; kid?: string };
  signWith?: Parameters<SignJWT["sign"]>[0];
}

export const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

/** A valid token for ann, with the given changes. */
export function token({ claims = {}, header = {}, signWith = key() }: TokenOptions = {}) {
  const { alg = "HS256", ...rest } = header;
  return new SignJWT({ sub: "ann", exp: inAnHour(), ...claims })
    .setProtectedHeader({ alg, ...rest })
    .sign(signWith);
}

export const part = (value: unknown) =>
  btoa(JSON.stringify(value)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
export const unsigned = (header: object) =>
  `${part(header)}.${part({ sub: "ann", exp: inAnHour() })}.`;

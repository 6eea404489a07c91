// Which other sites may call the buyers' API from their own pages: those of `ALLOWED_ORIGINS`, with a bearer token. Never
// with cookies, so a foreign page cannot act for whoever is signed in here. Hono's `cors` is not used, because it would
// also replace the `*` of public answers, and a middleware costs every request time.
import type { Config } from "../config/config.ts";
import { completeHeaders } from "./headers.ts";

/** Routes that only servers call, or only this site's own pages. */
const CLOSED = /^\/api\/(admin|webhooks|merchant|login|sandbox)(\/|$)/;

/** What scripts may read of an answer, besides its body and the headers that are always readable. */
const EXPOSED = [
  "Location",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "Idempotent-Replayed",
  "X-Request-Id",
].join(", ");

/** Chromium keeps the answer of a preflight no longer than two hours. */
const KEPT_SECONDS = 7_200;

const PREFLIGHT = completeHeaders({
  "Access-Control-Allow-Methods": "GET, POST, DELETE",
  "Access-Control-Allow-Headers":
    "Authorization, Content-Type, Idempotency-Key, Idempotency-Retry, Visit-Token, Challenge-Token",
  "Access-Control-Max-Age": `${KEPT_SECONDS}`,
});

/** The origin of a request from another site that may make it. */
export function allowedOrigin(
  { headers }: Request,
  path: string,
  { ALLOWED_ORIGINS }: Pick<Config, "ALLOWED_ORIGINS">,
): string | undefined {
  if (ALLOWED_ORIGINS.length === 0 || !path.startsWith("/api/") || CLOSED.test(path)) return;
  const origin = headers.get("origin");
  return origin !== null && ALLOWED_ORIGINS.includes(origin) ? origin : undefined;
}

/** The browser's question whether a script may send a request. Answered without the routes, so it costs no I/O. */
export const isPreflight = ({ method, headers }: Request): boolean =>
  method === "OPTIONS" && headers.has("access-control-request-method");

export const preflight = (): Response => new Response(null, { status: 204, headers: PREFLIGHT });

/** Lets scripts of `origin` read an answer. Answers for every caller let all sites read them already. */
export function allowOrigin(headers: Headers, origin: string): void {
  if (headers.has("Access-Control-Allow-Origin")) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED);
  headers.append("Vary", "Origin");
}

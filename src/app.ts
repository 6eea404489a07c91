// The Hono app: its middleware, its routes, and its error responses.
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { consoleRoutes } from "./admin/console/routes.ts";
import { reportKeyRoute } from "./admin/report/routes.ts";
import { adminRoutes } from "./admin/routes.ts";
import { catalogRoutes } from "./catalog/routes.ts";
import { type Config, readConfig } from "./config/config.ts";
import { isLocal, LOCAL_GUARD_HEADER } from "./config/local-address.ts";
import { funnelRoutes } from "./funnel/routes.ts";
import { healthRoutes } from "./health.ts";
import { allowedOrigin, allowOrigin, isPreflight, preflight } from "./http/cors.ts";
import { problem, type Refusal, refuse } from "./http/errors.ts";
import { secure } from "./http/headers.ts";
import type { AppEnv } from "./http/request.ts";
import { drawRoute } from "./line/draw-route.ts";
import { causeOf, log } from "./observability/log.ts";
import { measure } from "./observability/metrics.ts";
import { routeGroup } from "./observability/route-group.ts";
import { orderRoutes } from "./orders/routes.ts";
import { notFoundPage, wantsPage } from "./pages/error-pages.ts";
import { pageRoutes } from "./pages/routes.tsx";
import { paymentRoutes } from "./payments/routes.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/**
 * Refuses requests for other hosts. Without a public origin every host is served, except on a developer's machine: DNS
 * rebinding would let a website reach it through the developer's browser.
 */
function checkHost(c: Context, config: Config): Refusal | undefined {
  const { url } = c.req;
  const { PUBLIC_ORIGIN, LOCAL_ONLY, LOCAL_GUARD } = config;
  // A request that bypasses the proxy of `npm run dev` can have a forged URL.
  if (LOCAL_GUARD && c.req.header(LOCAL_GUARD_HEADER) !== LOCAL_GUARD) return NOT_LOCAL;
  if (PUBLIC_ORIGIN) return url.startsWith(`${PUBLIC_ORIGIN}/`) ? undefined : WRONG_HOST;
  return LOCAL_ONLY && !isLocal(url) ? NOT_LOCAL : undefined;
}

const MISCONFIGURED = refuse("unavailable", { retryAfterSeconds: 60 });
const WRONG_HOST = refuse("misdirected_request");
const NOT_LOCAL = refuse("misdirected_request", {
  detail: 'This instance serves localhost only. To open it, set LOCAL_ONLY="false" in .dev.vars',
});

/** Resources with an ETag. Their routes check the preconditions of a write. */
const WITH_ETAG = /^\/api\/admin\/(switches|sales\/[^/]+(\/(pause|resume))?)$/;

/**
 * Refuses a write whose precondition is false (RFC 9110, section 13.1). Other resources have no ETag that could match. A
 * resource with a GET route counts as existing; the others have no representation.
 */
function checkPrecondition({ req }: Context): Refusal | undefined {
  if (["GET", "HEAD", "OPTIONS"].includes(req.method)) return undefined;
  const [match, noneMatch] = [req.header("if-match"), req.header("if-none-match")];
  if (match === undefined && noneMatch !== "*") return undefined;
  if (WITH_ETAG.test(req.path) || !hasRoute(req.method, req.path)) return undefined;
  const exists = hasRoute("GET", req.path);
  const isMet = exists ? noneMatch !== "*" && (match ?? "*") === "*" : match === undefined;
  return isMet ? undefined : refuse("precondition_failed");
}

/**
 * Wraps every request. Sets its configuration, and adds headers to every response: request id, rate limits, access for other
 * sites, security headers, and `no-store` by default. One middleware, because each one costs time.
 */
const envelope = createMiddleware<AppEnv>(async function envelope(c, next) {
  const startedAt = Date.now();
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  const result = readConfig(c.env);
  if (result.ok) {
    const { config } = result;
    c.set("config", config);
    c.set("scope", { config, env: c.env, waitUntil: (work) => c.executionCtx.waitUntil(work) });
  }
  const refusal = result.ok ? (checkHost(c, result.config) ?? checkPrecondition(c)) : MISCONFIGURED;
  const origin = result.ok && allowedOrigin(c.req.raw, c.req.path, result.config);
  if (refusal) c.res = problem(c, refusal);
  else if (origin && isPreflight(c.req.raw)) c.res = preflight();
  else await next();
  // Not c.header(), which copies a finished response on every call.
  const { headers } = c.res;
  headers.set("X-Request-Id", requestId);
  c.get("describe")?.(headers);
  secure(headers);
  if (origin) allowOrigin(headers, origin);
  const milliseconds = Date.now() - startedAt;
  // Timing helps attackers, so only operators see it.
  if (c.get("operator")) headers.set("Server-Timing", `total;dur=${milliseconds}`);
  measure("http_seconds", milliseconds, routeGroup(c.req.path), classOf(c.res.status));
});

const CLASSES = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"];

/** `2xx` to `5xx`. A constant, because each request has one. */
const classOf = (status: number): string => CLASSES[Math.floor(status / 100)] ?? "other";

export const app = new Hono<AppEnv>();

app.use(envelope);

app.route("/", healthRoutes);
app.route("/", pageRoutes);
app.route("/api", catalogRoutes);
app.route("/api", drawRoute);
app.route("/api", funnelRoutes);
app.route("/api", orderRoutes);
app.route("/api", paymentRoutes);
app.route("/api", reportKeyRoute);
app.route("/api/admin", adminRoutes);
app.route("/admin", consoleRoutes);

/** A path that exists for other methods is 405, and `Allow` lists them. */
app.notFound((c) => {
  const routed = METHODS.filter((method) => hasRoute(method, c.req.path));
  const allowed = routed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : method));
  if (allowed.length === 0 || allowed.includes(c.req.method)) {
    return wantsPage(c) ? notFoundPage(c) : problem(c, refuse("not_found"));
  }
  const answer = problem(c, refuse("method_not_allowed"));
  answer.headers.set("Allow", allowed.join(", "));
  return answer;
});

function hasRoute(method: string, path: string): boolean {
  return app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
}

/** Unexpected errors. The log gets the cause, the caller only `unavailable`. */
app.onError((error, c: Context<AppEnv>) => {
  const requestId = c.get("requestId");
  log("request.failed", { requestId, route: c.req.routePath, cause: causeOf(error) });
  return problem(c, refuse("unavailable"));
});

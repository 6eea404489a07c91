// The Hono app: middleware in order, routes, and the answers for everything that went wrong.
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { adminRoutes } from "./admin/routes.ts";
import { catalogRoutes } from "./catalog/routes.ts";
import { type Config, isLocal, LOCAL_GUARD_HEADER, readConfig } from "./config.ts";
import { problem, type Refusal, refuse } from "./errors.ts";
import { funnelRoutes } from "./funnel/routes.ts";
import { secure } from "./headers.ts";
import { healthRoutes } from "./health.ts";
import type { AppEnv } from "./http.ts";
import { causeOf, log } from "./observability/log.ts";
import { orderRoutes } from "./orders/routes.ts";
import { notFoundPage, wantsPage } from "./pages/error-pages.ts";
import { pageRoutes } from "./pages/routes.tsx";
import { paymentRoutes } from "./payments/routes.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/**
 * Why this host is not served; undefined when it is. Without a public origin any host will do, except on a
 * developer's machine: there a site that renames itself to its address would be let in by every browser.
 */
function misdirected(c: Context, config: Config): Refusal | undefined {
  const { url } = c.req;
  const { PUBLIC_ORIGIN, LOCAL_ONLY, LOCAL_GUARD } = config;
  // Past the front door of `npm run dev`, the URL itself may be forged.
  if (LOCAL_GUARD && c.req.header(LOCAL_GUARD_HEADER) !== LOCAL_GUARD) return NOT_LOCAL;
  if (PUBLIC_ORIGIN) return url.startsWith(`${PUBLIC_ORIGIN}/`) ? undefined : ELSEWHERE;
  return LOCAL_ONLY && !isLocal(url) ? NOT_LOCAL : undefined;
}

const MISCONFIGURED = refuse("unavailable", { retryAfterSeconds: 60 });
const ELSEWHERE = refuse("misdirected_request");
const NOT_LOCAL = refuse("misdirected_request", {
  detail: 'This instance serves localhost alone. To open it, set LOCAL_ONLY="false" in .dev.vars',
});

/** Resources that have an ETag judge the conditions of a write themselves. */
const WITH_ETAG = /^\/api\/admin\/sales\/[^/]+$/;

/**
 * Refuses a write whose condition is false (RFC 9110, section 13.1). No other resource has an ETag that could
 * match; one that can be read exists, and the others have no representation at all.
 */
function unmet({ req }: Context): Refusal | undefined {
  if (["GET", "HEAD", "OPTIONS"].includes(req.method)) return undefined;
  const [match, noneMatch] = [req.header("if-match"), req.header("if-none-match")];
  if (match === undefined && noneMatch !== "*") return undefined;
  if (WITH_ETAG.test(req.path) || !hasRoute(req.method, req.path)) return undefined;
  const exists = hasRoute("GET", req.path);
  const isMet = exists ? noneMatch !== "*" && (match ?? "*") === "*" : match === undefined;
  return isMet ? undefined : refuse("precondition_failed");
}

/**
 * Around every request: its configuration before, and on every answer an id to quote, the limits of its
 * route, the security headers, and whether it may be cached: by default it may not. One middleware, for
 * each costs time.
 */
const envelope = createMiddleware<AppEnv>(async function envelope(c, next) {
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  const result = readConfig(c.env);
  if (result.ok) {
    const { config } = result;
    c.set("config", config);
    c.set("scope", { config, env: c.env, waitUntil: (work) => c.executionCtx.waitUntil(work) });
  }
  const refusal = result.ok ? (misdirected(c, result.config) ?? unmet(c)) : MISCONFIGURED;
  if (refusal) c.res = problem(c, refusal);
  else await next();
  // Set on the answer itself: c.header() would copy a finished answer once for every call.
  const { headers } = c.res;
  headers.set("X-Request-Id", requestId);
  c.get("describe")?.(headers);
  secure(headers);
});

export const app = new Hono<AppEnv>();

app.use(envelope);

app.route("/", healthRoutes);
app.route("/", pageRoutes);
app.route("/api", catalogRoutes);
app.route("/api", funnelRoutes);
app.route("/api", orderRoutes);
app.route("/api", paymentRoutes);
app.route("/api/admin", adminRoutes);

/** A path that exists for another method is 405 and says which methods it knows. */
app.notFound((c) => {
  const known = METHODS.filter((method) => hasRoute(method, c.req.path));
  const allowed = known.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : method));
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

/** What no route expected: logged with its cause, told to the caller as a passing fault. */
app.onError((error, c: Context<AppEnv>) => {
  const requestId = c.get("requestId");
  log("request.failed", { requestId, route: c.req.routePath, cause: causeOf(error) });
  return problem(c, refuse("unavailable"));
});

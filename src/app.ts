// The Hono app: middleware in order, routes, and the answers for everything that went wrong.
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { adminRoutes } from "./admin/routes.ts";
import { catalogRoutes } from "./catalog/routes.ts";
import { type Config, readConfig } from "./config.ts";
import { problem, refuse } from "./errors.ts";
import { loginRoutes } from "./funnel/login.ts";
import { describeLimit } from "./funnel/policies.ts";
import { secure } from "./headers.ts";
import type { AppEnv } from "./http.ts";
import { healthRoutes } from "./observability/health.ts";
import { causeOf, log } from "./observability/log.ts";
import { orderRoutes } from "./orders/routes.ts";
import { notFoundPage, wantsPage } from "./pages/refusals.ts";
import { pageRoutes } from "./pages/routes.tsx";
import { paymentRoutes } from "./payments/routes.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE"];

const isElsewhere = (url: string, { PUBLIC_ORIGIN }: Config): boolean =>
  PUBLIC_ORIGIN !== undefined && new URL(url).origin !== PUBLIC_ORIGIN;

/**
 * Around every request: its configuration before, and on every answer an id to quote, the limits of its
 * route, the security headers, and whether it may be cached: by default it may not. One middleware, for
 * each costs time.
 */
const envelope = createMiddleware<AppEnv>(async function envelope(c, next) {
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  const result = readConfig(c.env);
  if (!result.ok) {
    c.res = problem(c, refuse("unavailable", { retryAfterSeconds: 60 }));
  } else if (isElsewhere(c.req.url, result.config)) {
    c.res = problem(c, refuse("misdirected_request"));
  } else {
    c.set("config", result.config);
    await next();
  }
  // Set on the answer itself: c.header() would copy a finished answer once for every call.
  const { headers } = c.res;
  headers.set("X-Request-Id", requestId);
  const attempt = c.get("attempt");
  if (attempt) describeLimit(attempt, headers);
  secure(headers);
});

export const app = new Hono<AppEnv>();

app.use(envelope);

app.route("/", healthRoutes);
app.route("/", pageRoutes);
app.route("/api", catalogRoutes);
app.route("/api", loginRoutes);
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

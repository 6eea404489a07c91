// The speed of the fake Stripe: how long each endpoint takes, and how many requests per second it allows.
import type { MiddlewareHandler } from "hono";

export interface Traffic {
  /** Milliseconds that a request takes, by endpoint. Default: none. */
  latencyMs?: Partial<Record<Endpoint, number>>;
  /** Requests per second that each endpoint allows. Stripe: 25. Default: no limit. */
  perSecond?: number;
}

/** What happened at one endpoint. */
export interface EndpointReport {
  requests: number;
  /** Requests that were refused because there were too many. */
  limited: number;
  /** The most requests in any second. */
  busiestSecond: number;
  /** When the allowed requests came, in order: milliseconds since 1970. */
  times: number[];
}

export type Endpoint = "create" | "confirm" | "cancel" | "refund" | "other";

const WINDOW_MS = 1_000;

/** Stripe's answer to too many requests. */
const LIMITED = {
  error: {
    type: "invalid_request_error",
    code: "rate_limit",
    message: "Request rate limit exceeded.",
    doc_url: "https://stripe.com/docs/error-codes/rate-limit",
  },
};

function endpointOf(method: string, path: string): Endpoint {
  if (method !== "POST") return "other";
  if (path === "/v1/payment_intents") return "create";
  if (path === "/v1/refunds") return "refund";
  const step = path.split("/").at(-1);
  return step === "confirm" || step === "cancel" ? step : "other";
}

/** Slows requests down, refuses those above the limit, and counts both in `reports`. */
export function withTraffic(
  { latencyMs = {}, perSecond = Number.POSITIVE_INFINITY }: Traffic,
  reports: Map<Endpoint, EndpointReport>,
): MiddlewareHandler {
  const recent = new Map<Endpoint, number[]>();
  return async (c, next) => {
    const endpoint = endpointOf(c.req.method, c.req.path);
    const report = reports.get(endpoint) ?? {
      requests: 0,
      limited: 0,
      busiestSecond: 0,
      times: [],
    };
    reports.set(endpoint, report);
    const now = performance.now();
    const inWindow = (recent.get(endpoint) ?? []).filter((at) => at > now - WINDOW_MS);
    inWindow.push(now);
    recent.set(endpoint, inWindow);
    report.requests += 1;
    report.busiestSecond = Math.max(report.busiestSecond, inWindow.length);
    if (inWindow.length > perSecond) {
      report.limited += 1;
      return c.json(LIMITED, 429, { "stripe-should-retry": "true" });
    }
    report.times.push(Date.now());
    const latency = latencyMs[endpoint] ?? 0;
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
    await next();
  };
}

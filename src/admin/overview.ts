// The operator's overview: what needs a look anywhere in the system, the line of the payments, and what was counted.

import type { AppContext } from "../http/request.ts";
import { breakersOf } from "../observability/breakers.ts";
import { type Metrics, readMetrics, TOTALS } from "../observability/read-metrics.ts";
import { fullNameOf } from "../observability/series.ts";
import { paymentLine } from "../orders/payment-wait.ts";
import { redisBreakerState } from "../redis/client.ts";
import { readAttention } from "./attention.ts";

/** `attention` is null while Redis does not answer, `payments` while the scheduler does not. */
export async function showOverview(c: AppContext): Promise<Response> {
  const [attention, line, metrics] = await Promise.all([
    readAttention(c.get("config")),
    paymentLine(c.get("scope")),
    readMetrics(c.env, TOTALS),
  ]);
  return c.json({
    generatedAt: new Date().toISOString(),
    breakers: { redis: redisBreakerState() },
    openBreakers: breakersOf(metrics).filter(({ state }) => state !== "closed"),
    attention,
    payments: line ? { inLine: line.length, perSecond: line.perSecond } : null,
    counters: countersOf(metrics),
    missingShards: metrics.missing,
  });
}

/** All counters of the whole system: `name|label|…` → count. */
const countersOf = ({ series }: Metrics): Record<string, number> =>
  Object.fromEntries(
    series.flatMap(({ type, name, labels, total }) =>
      type === "counter" ? [[[fullNameOf(name), ...Object.values(labels)].join("|"), total]] : [],
    ),
  );

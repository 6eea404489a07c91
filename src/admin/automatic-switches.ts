// Features that the system has switched off by itself. While Redis does not answer, those that no purchase needs give way.
import { breakersOf } from "../observability/breakers.ts";
import { readMetrics, TOTALS } from "../observability/read-metrics.ts";
import type { MetricsEnv } from "../observability/shard-client.ts";
import { redisBreakerState } from "../redis/client.ts";

export interface AutomaticSwitch {
  name: "orderHistoryOff" | "liveStockOff";
  /** The isolate that answers, or others: each has a breaker of its own. */
  scope: "this isolate" | "other isolates";
  reason: string;
  effect: string;
}

/** Empty if nothing is. */
export async function automaticSwitches(env: MetricsEnv): Promise<AutomaticSwitch[]> {
  const own = redisBreakerState();
  const breakers = breakersOf(await readMetrics(env, TOTALS));
  const worst = breakers.find(({ name }) => name === "redis");
  const isOwn = own !== "closed";
  const state = isOwn ? own : (worst?.state ?? "closed");
  if (state === "closed") return [];
  const since = worst && worst.openSeconds > 0 ? `, for ${worst.openSeconds} s` : "";
  const shared = {
    scope: isOwn ? "this isolate" : "other isolates",
    reason: `the breaker of Redis is ${state}${since}`,
  } as const;
  return [
    { name: "orderHistoryOff", ...shared, effect: "lists of orders are incomplete" },
    { name: "liveStockOff", ...shared, effect: "stock is up to a minute old, then absent" },
  ];
}

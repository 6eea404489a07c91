// The operator's overview: what needs a look anywhere in the system, the line of the payments, and what was counted.

import type { AppContext } from "../http.ts";
import { type Attention, attentionSchema, isQuiet } from "../inventory/attention.ts";
import { causeOf, log } from "../observability/log.ts";
import { type Metrics, readMetrics, TOTALS } from "../observability/read-metrics.ts";
import { fullNameOf } from "../observability/series.ts";
import { paymentLine } from "../orders/payment-wait.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, readHash, redisBreakerState, withRedis } from "../redis/client.ts";

/** Most SKUs that are listed. The totals count all of them. */
const MAX_SKUS = 200;

/** Totals of the whole system, and the SKUs whose ledgers name the orders: `GET /skus/{skuId}/ledger`. */
interface AttentionView extends Attention {
  skus: (Attention & { skuId: string })[];
}

/** `attention` is null while Redis does not answer, `payments` while the scheduler does not. */
export async function showOverview(c: AppContext): Promise<Response> {
  const [attention, line, metrics] = await Promise.all([
    readAttention(c),
    paymentLine(c.get("scope")),
    readMetrics(c.env, TOTALS),
  ]);
  return c.json({
    generatedAt: new Date().toISOString(),
    breakers: { redis: redisBreakerState() },
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

async function readAttention(c: AppContext): Promise<AttentionView | null> {
  try {
    const stored = await withRedis(c.get("config"), BACKGROUND_LIMIT_MS, (redis, keys) =>
      healed(redis, keys, [{ key: keys.attention, type: "hash" }], () =>
        readHash(redis, keys.attention),
      ),
    );
    return toView(stored);
  } catch (error) {
    log("overview.attention_unknown", { cause: causeOf(error) });
    return null;
  }
}

function toView(stored: Map<string, string>): AttentionView {
  const skus = [...stored].flatMap(([skuId, text]) => {
    const attention = parse(text);
    return attention && !isQuiet(attention) ? [{ skuId, ...attention }] : [];
  });
  const sum = (name: keyof Attention) => skus.reduce((total, sku) => total + sku[name], 0);
  return {
    refundsFailed: sum("refundsFailed"),
    refundsDue: sum("refundsDue"),
    disputed: sum("disputed"),
    mismatches: sum("mismatches"),
    skus: skus.slice(0, MAX_SKUS),
  };
}

/** Undefined for a value that cannot be read. The next publication overwrites it. */
function parse(text: string): Attention | undefined {
  try {
    return attentionSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

// The problems that need the operator, of the whole system: the counts that the SKUs' objects published in Redis.
import { type Attention, attentionSchema, isQuiet } from "../inventory/attention.ts";
import { skuOf } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { type RedisConfig, readHash, withRedis } from "../redis/client.ts";

/** Most SKUs that are listed. The totals count all of them. */
const MAX_SKUS = 200;

/** Totals of the whole system, and the SKUs whose ledgers name the orders: `GET /skus/{skuId}/ledger`. */
export interface AttentionView extends Attention {
  skus: (Attention & { skuId: string })[];
}

/** Null while Redis does not answer. */
export async function readAttention(config: RedisConfig): Promise<AttentionView | null> {
  try {
    const stored = await withRedis(config, "redis-background", (redis, keys) =>
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
  const objects = [...stored].flatMap(([name, text]) => {
    const attention = parse(text);
    return attention && !isQuiet(attention) ? [{ skuId: skuOf(name), ...attention }] : [];
  });
  // A SKU with lanes has several objects.
  const skus = [...Map.groupBy(objects, ({ skuId }) => skuId)].map(([skuId, lanes]) => ({
    skuId,
    ...totalOf(lanes),
  }));
  return { ...totalOf(objects), skus: skus.slice(0, MAX_SKUS) };
}

function totalOf(counts: readonly Attention[]): Attention {
  const sum = (name: keyof Attention) => counts.reduce((total, each) => total + each[name], 0);
  return {
    refundsFailed: sum("refundsFailed"),
    refundsDue: sum("refundsDue"),
    disputed: sum("disputed"),
    mismatches: sum("mismatches"),
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

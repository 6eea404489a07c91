// The answers about what was counted, and what needs a look.
import * as z from "zod";
import { attentionSchema } from "../../inventory/attention.ts";
import { breakerState, count, mapOf, skuId, time } from "./common.ts";

const series = z
  .strictObject({
    type: z.enum(["counter", "gauge", "histogram"]),
    name: z.string(),
    labels: mapOf(z.string()),
    total: z.union([z.number(), z.array(z.number())]),
    points: z
      .array(z.union([z.number(), z.array(z.number()), z.null()]))
      .describe("One for each step, the oldest first."),
  })
  .meta({ id: "Series" });

export const metrics = z
  .strictObject({
    asOf: time,
    from: time,
    stepSeconds: z.number(),
    missingShards: z.array(z.int()).describe("Shards that did not answer: their part is missing."),
    lostBatches: count,
    series: z.array(series),
  })
  .meta({ id: "Metrics" });

export const breakerFigures = z
  .strictObject({ name: z.string(), state: breakerState, openSeconds: z.number() })
  .meta({ id: "Breaker" });

export const attention = z
  .strictObject({
    ...attentionSchema.shape,
    skus: z.array(z.strictObject({ skuId, ...attentionSchema.shape })),
  })
  .meta({ id: "Attention", description: "What needs an operator." });

export const paymentsInLine = z.strictObject({ inLine: count, perSecond: z.number() });

export const overview = z
  .strictObject({
    generatedAt: time,
    breakers: z.strictObject({ redis: breakerState }),
    openBreakers: z.array(breakerFigures),
    attention: attention.nullable(),
    payments: paymentsInLine.nullable(),
    counters: mapOf(z.number()).describe("`name|label|…` → count, of the whole system."),
    missingShards: z.array(z.int()),
  })
  .meta({ id: "Overview" });

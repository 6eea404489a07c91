// The answer with the figures of a sale as it is now.
import * as z from "zod";
import type { Figures } from "../../admin/figures.ts";
import { SWITCH_NAMES } from "../../catalog/switches.ts";
import { count, mapOf, part, refusals, saleHead, skuId, time, units, wide } from "./common.ts";
import { attention, breakerFigures, paymentsInLine } from "./metrics.ts";
import { lineReport } from "./sale-reports.ts";
import { alert } from "./system.ts";

const skuFigures = z.strictObject({
  id: skuId,
  name: z.string(),
  units: part(units),
  backlog: z.strictObject({ unacknowledged: count, stuck: count, holdsPaused: count }).nullable(),
  curve: z.array(z.number().nullable()).describe("Free units over time, one for each step."),
  secondsToSellOut: z.number().nullable(),
});

const switchFigures = z.strictObject({
  name: z.enum(SWITCH_NAMES),
  value: z.union([z.boolean(), z.string(), z.number()]),
  sale: z.string().exactOptional(),
  sku: z.string().exactOptional(),
  since: z.number(),
  until: z.number().exactOptional(),
  notice: z.string().exactOptional(),
  reason: z.string(),
  by: z.string(),
});

const bots = z.strictObject({
  challenges: mapOf(count),
  risks: mapOf(count),
  blocked: count,
  newest: z.array(
    z.strictObject({
      addedAt: time,
      evidence: mapOf(z.union([z.string(), z.number()])).exactOptional(),
    }),
  ),
  accountsAtAddress: count,
});

export const figures = wide<Figures>()(
  z
    .strictObject({
      sale: saleHead.extend({ listed: z.boolean().describe("Whether lists name the sale.") }),
      switches: part(z.array(switchFigures)),
      alerts: part(z.array(alert)),
      skus: z.array(skuFigures),
      curve: z.strictObject({ from: time, stepSeconds: z.number() }),
      funnel: part(z.strictObject({ passed: count, refused: refusals, orders: mapOf(count) })),
      bots: part(bots),
      line: part(lineReport).exactOptional(),
      payments: part(paymentsInLine),
      attention: part(attention),
      breakers: part(z.array(breakerFigures)),
      missingShards: count,
    })
    .meta({
      id: "Figures",
      description: "A sale as it is now. Each part has its own age.",
    }),
);

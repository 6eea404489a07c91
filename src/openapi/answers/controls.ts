// The answers about what operators switch and whom they block.
import * as z from "zod";
import { SWITCH_NAMES } from "../../catalog/switches.ts";
import { RULE_KINDS } from "../../funnel/rule-set.ts";
import { issue } from "./catalog.ts";
import { count, mapOf, saleId, skuId, time } from "./common.ts";

const switchValue = z.union([z.boolean(), z.string(), z.number()]);
const target = { sale: saleId.exactOptional(), sku: skuId.exactOptional() };

const switchView = z
  .strictObject({
    name: z.enum(SWITCH_NAMES),
    value: switchValue,
    ...target,
    since: time,
    until: time.exactOptional(),
    notice: z.string().exactOptional().describe("What buyers are told."),
    reason: z.string(),
    by: z.string(),
  })
  .meta({ id: "Switch", description: "A switch that is not at its default." });

const automatic = z.strictObject({
  name: z.enum(["orderHistoryOff", "liveStockOff"]),
  scope: z.enum(["this isolate", "other isolates"]),
  reason: z.string(),
  effect: z.string(),
});

const switchFields = {
  switches: z.array(switchView),
  automatic: z.array(automatic).describe("What the system has switched off by itself."),
};

export const switches = z.strictObject(switchFields).meta({ id: "Switches" });

const edit = z.strictObject({
  name: z.enum(SWITCH_NAMES),
  ...target,
  before: switchView.nullable(),
  after: switchView.nullable(),
});

const affected = z.strictObject({
  sales: z.array(
    z.strictObject({
      id: saleId,
      title: z.string(),
      state: z.enum(["upcoming", "open", "closed"]),
      heldUnits: count,
    }),
  ),
  moreSales: count,
  paymentsInLine: count.nullable(),
});

export const switchesChanged = z
  .strictObject({
    ...switchFields,
    edits: z.array(edit),
    warnings: z.array(z.string()).exactOptional(),
    preview: z.literal(true).exactOptional().describe("Nothing was changed."),
    affected: affected.exactOptional(),
  })
  .meta({ id: "SwitchesChanged" });

const rule = z.strictObject({
  effect: z.enum(["deny", "allow"]),
  kind: z.enum(RULE_KINDS),
  value: z.string(),
  by: z.enum(["operator", "automatic"]),
  addedAt: time,
  expiresAt: time.exactOptional(),
  note: z.string().exactOptional(),
  evidence: mapOf(z.union([z.string(), z.number()]))
    .exactOptional()
    .describe("The refusals that led to an automatic block."),
});
export const ruleView = rule.meta({ id: "Rule" });
export const ruleSaved = rule
  .extend({ warnings: z.array(issue).exactOptional() })
  .meta({ id: "RuleSaved" });
export const rules = z
  .strictObject({
    rules: z.array(ruleView),
    incomplete: z
      .literal(true)
      .exactOptional()
      .describe("Automatic blocks may be missing for now."),
  })
  .meta({ id: "Rules" });

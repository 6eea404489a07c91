// The schema of a change of switches, as an operator sends it.
import * as z from "zod";
import { instantSchema } from "../values/instant.ts";
import { isDefault, type SwitchSetting, switchKey } from "./decide-switches.ts";
import { idSchema } from "./schema.ts";

const DAY_MS = 86_400_000;
const MAX_DAYS = 366;
const MAX_SETTINGS = 50;
export const MAX_REASON = 500;
const MAX_NOTICE = 300;

export const reasonSchema = z.string().trim().min(1).max(MAX_REASON);

/** Fields of a switch that ends by itself. `until` becomes milliseconds. */
const ending = {
  until: instantSchema
    .transform((text) => Date.parse(text))
    .refine((at) => at > Date.now(), "must be in the future")
    .refine((at) => at < Date.now() + MAX_DAYS * DAY_MS, `must be within ${MAX_DAYS} days`)
    .optional(),
};
/** The same for a switch that buyers are told about. */
export const told = { ...ending, notice: z.string().trim().min(1).max(MAX_NOTICE).optional() };

const [isOn, sale] = [z.boolean(), idSchema.optional()];

const settingSchema = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("paused"), sale: idSchema, value: isOn, ...told }),
  z.strictObject({ name: z.literal("closed"), sku: idSchema, value: isOn, ...told }),
  z.strictObject({
    name: z.literal("challenge"),
    sale,
    value: z.enum(["as-set", "off", "everyone"]),
    ...ending,
  }),
  z.strictObject({
    name: z.literal("limits"),
    sale,
    value: z.number().min(0.1).max(10),
    ...ending,
  }),
  z.strictObject({ name: z.enum(["paymentsPaused", "readOnly"]), value: isOn, ...told }),
  z.strictObject({ name: z.enum(["orderHistoryOff", "liveStockOff"]), value: isOn, ...ending }),
]);

/** The fault of a setting beyond its fields. */
function faultOf(setting: SwitchSetting, earlier: readonly SwitchSetting[]): string | undefined {
  if (earlier.some((each) => switchKey(each) === switchKey(setting))) {
    return "sets a switch twice";
  }
  if (!isDefault(setting)) return undefined;
  const extra = setting.until ?? setting.notice;
  return extra === undefined ? undefined : "has no until or notice, because the switch is off";
}

/** The body of `PUT /api/admin/switches`. Switches that it does not name stay as they are. */
export const switchChangeSchema = z.strictObject({
  reason: reasonSchema,
  switches: z
    .array(settingSchema)
    .min(1)
    .max(MAX_SETTINGS)
    .superRefine((settings, ctx) => {
      for (const [index, setting] of (settings as SwitchSetting[]).entries()) {
        const message = faultOf(setting, (settings as SwitchSetting[]).slice(0, index));
        if (message) ctx.addIssue({ code: "custom", path: [index], message });
      }
    }),
});

/** The bodies of `POST /api/admin/sales/{saleId}/pause` and `/resume`. */
export const pauseSchema = z.strictObject({ reason: reasonSchema, ...told });
export const resumeSchema = z.strictObject({ reason: reasonSchema });

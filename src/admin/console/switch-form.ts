// The console's form for one switch: what can be chosen, and how a filled-in form becomes a change. The change itself goes
// through the same steps as one by the API (src/admin/switches.ts).
import * as z from "zod";
import type { SwitchSetting } from "../../catalog/decide-switches.ts";
import { switchChangeSchema } from "../../catalog/switch-schema.ts";
import { type SwitchName, type SwitchTarget, TARGETS } from "../../catalog/switches.ts";
import type { Issue } from "../../http/errors.ts";
import type { WantedChange } from "../switches.ts";
import { type Asked, numberIn } from "./form-schema.ts";

/** A choice of the form: a switch and what to set it to. `limits` gets its value from a field of its own. */
interface Choice {
  label: string;
  name: SwitchName;
  value: Exclude<SwitchSetting["value"], number> | "factor";
}

/** The choices by their id in the form, in the order of a bad night. */
export const CHOICES = {
  pause: { label: "Pause a sale", name: "paused", value: true },
  resume: { label: "Resume a sale", name: "paused", value: false },
  close: { label: "Close an item", name: "closed", value: true },
  reopen: { label: "Reopen an item", name: "closed", value: false },
  "challenge-everyone": { label: "Challenge everyone", name: "challenge", value: "everyone" },
  "challenge-nobody": { label: "Challenge nobody", name: "challenge", value: "off" },
  "challenge-as-set": { label: "Challenge as the sale says", name: "challenge", value: "as-set" },
  limits: { label: "Multiply the rate limits", name: "limits", value: "factor" },
  "payments-pause": { label: "Pause payments", name: "paymentsPaused", value: true },
  "payments-resume": { label: "Resume payments", name: "paymentsPaused", value: false },
  "orders-stop": { label: "Stop all orders (read-only)", name: "readOnly", value: true },
  "orders-start": { label: "Take orders again", name: "readOnly", value: false },
  "history-off": { label: "Hide lists of orders", name: "orderHistoryOff", value: true },
  "history-on": { label: "Show lists of orders", name: "orderHistoryOff", value: false },
  "stock-off": { label: "Hide the live stock", name: "liveStockOff", value: true },
  "stock-on": { label: "Show the live stock", name: "liveStockOff", value: false },
} as const satisfies Record<string, Choice>;

export type ChoiceId = keyof typeof CHOICES;
const CHOICE_IDS = Object.keys(CHOICES) as ChoiceId[];

/** The form as it was filled in. `step`: the button that was pressed. */
export const switchForm = z.strictObject({
  choice: z.enum(CHOICE_IDS),
  target: z.string().trim().max(64).default(""),
  factor: z.string().trim().max(10).default(""),
  minutes: z.string().trim().max(10).default(""),
  notice: z.string().max(1_000).default(""),
  reason: z.string().max(2_000).default(""),
  /** The state of the switches that was shown, as an entity tag. */
  etag: z.string().max(40).default(""),
  step: z.enum(["preview", "edit", "apply"]).default("preview"),
});

export type SwitchForm = z.output<typeof switchForm>;

const MINUTE_MS = 60_000;

/** The sale or the SKU that a choice is about. A switch of the whole deployment has neither. */
function targetOf({ name }: Choice, target: string): SwitchTarget {
  if (target === "") return {};
  return TARGETS[name].includes("sku") ? { sku: target } : { sale: target };
}

/** The change that a form asks for, or what is wrong with it. `now` in milliseconds. */
export function changeOf(
  { choice: id, target, factor, minutes, notice, reason }: SwitchForm,
  now: number,
): Asked<WantedChange> {
  const choice = CHOICES[id];
  const lasting = numberIn(minutes);
  const until = lasting === undefined ? undefined : new Date(now + lasting * MINUTE_MS);
  if (until && Number.isNaN(until.getTime())) {
    return { ok: false, issues: [{ path: "minutes", message: "is not a number of minutes" }] };
  }
  const parsed = switchChangeSchema.safeParse({
    reason,
    switches: [
      {
        name: choice.name,
        value: choice.value === "factor" ? numberIn(factor) : choice.value,
        ...targetOf(choice, target),
        ...(until && { until: until.toISOString() }),
        ...(notice.trim() && { notice }),
      },
    ],
  });
  if (!parsed.success) return { ok: false, issues: parsed.error.issues.map(toIssue) };
  const { switches, ...rest } = parsed.data;
  return { ok: true, command: { ...rest, settings: switches as SwitchSetting[] } };
}

const FIELDS: Record<string, string> = {
  value: "factor",
  until: "minutes",
  sale: "target",
  sku: "target",
};

/** An issue about a change, such as one about `switches.0.sale`, as one about a field of the form. */
export const toFormIssue = ({ path, message }: Issue): Issue => {
  const field = path.split(".").at(-1) ?? "";
  return { path: FIELDS[field] ?? field, message };
};

function toIssue({ path, message, ...issue }: z.core.$ZodIssue): Issue {
  if (issue.code === "unrecognized_keys") {
    return toFormIssue({ path: issue.keys[0] ?? "", message: "does not belong to this change" });
  }
  return toFormIssue({ path: path.join("."), message });
}

// The console's form for a deny or allow rule.
import * as z from "zod";
import { RULE_KINDS } from "../../funnel/rule-set.ts";
import type { Issue } from "../../http/errors.ts";
import { type RuleBody, ruleBodySchema } from "../rules.ts";
import { type Asked, commandIn, numberIn, reasonField } from "./form-schema.ts";

export const ruleForm = z.strictObject({
  action: z.enum(["save", "remove"]),
  effect: z.enum(["deny", "allow"]),
  kind: z.enum(RULE_KINDS),
  value: z.string().min(1, "is required").max(200),
  /** How long the rule stays. Empty: until it is removed. */
  minutes: z.string().trim().max(10).default(""),
  reason: reasonField,
});

export type RuleForm = z.output<typeof ruleForm>;

const MINUTE_SECONDS = 60;

/** The API counts in seconds, so its words would be wrong beside the field. */
const TIME_FAULT = "use a number of minutes that are whole seconds, and 366 days at most";

/** The reason and lifetime of a rule as the operator's API takes them, or what is wrong with them. */
export function ruleBodyOf({ minutes, reason }: RuleForm): Asked<RuleBody> {
  const lasting = numberIn(minutes);
  const seconds = lasting === undefined ? {} : { seconds: lasting * MINUTE_SECONDS };
  const asked = commandIn(ruleBodySchema, { note: reason, ...seconds }, { note: "reason" });
  if (asked.ok) return asked;
  const toField = (issue: Issue) =>
    issue.path === "seconds" ? { path: "minutes", message: TIME_FAULT } : issue;
  return { ok: false, issues: asked.issues.map(toField) };
}

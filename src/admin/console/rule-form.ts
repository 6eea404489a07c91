// The console's form for a deny or allow rule.
import * as z from "zod";
import { type Issue, toIssues } from "../../errors.ts";
import { RULE_KINDS } from "../../funnel/rule-set.ts";
import { type RuleBody, ruleBodySchema } from "../rules.ts";
import { reasonField } from "./form-schema.ts";

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

const FIELDS: Record<string, string> = { seconds: "minutes", note: "reason" };
const MINUTE_SECONDS = 60;

/** The reason and lifetime of a rule as the operator's API takes them, or what is wrong with them. */
export function ruleBodyOf({
  minutes,
  reason,
}: RuleForm): { ok: true; body: RuleBody } | { ok: false; issues: Issue[] } {
  const seconds = minutes === "" ? {} : { seconds: Number(minutes) * MINUTE_SECONDS };
  const parsed = ruleBodySchema.safeParse({ note: reason, ...seconds });
  if (parsed.success) return { ok: true, body: parsed.data };
  const issues = toIssues(parsed.error);
  return {
    ok: false,
    issues: issues.map(({ path, message }) => ({ path: FIELDS[path] ?? path, message })),
  };
}

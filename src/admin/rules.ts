// The operator's routes for deny and allow rules. Lists include automatic blocks with their evidence.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { addRule, removeRule } from "../funnel/deny-list.ts";
import { normalizeValue, RULE_KINDS, type Rule, type RuleKind } from "../funnel/rule-set.ts";
import { listRules, type RuleName } from "../funnel/rule-store.ts";
import { type Issue, problem, type Refusal, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson, readText } from "../http/request.ts";
import { NOT_COPIED } from "../redis/copy.ts";
import { recorded } from "./log.ts";

const MAX_RULE_BYTES = 2_048;
const MAX_SECONDS = 366 * 86_400;

export const ruleBodySchema = z.strictObject({
  note: z.string().max(500).optional(),
  /** Lifetime of the rule. Absent: until it is deleted. */
  seconds: z.int().min(1).max(MAX_SECONDS).optional(),
});

export type RuleBody = z.output<typeof ruleBodySchema>;
type RuleContext = Context<AppEnv, "/:kind" | "/:kind/:value">;

/**
 * The routes for the rules of one effect: `/denylist` or `/allowlist`. The value is in the path or in the query, because
 * clients remove `.` and `..` from a path, however they are encoded.
 */
export function ruleRoutes(effect: Rule["effect"]) {
  const save = (c: RuleContext) => saveRule(c, effect);
  const lift = (c: RuleContext) => applyRemoval(c, effect, givenName(c));
  return new Hono<AppEnv>()
    .get("/", async (c) => {
      const { rules, ...rest } = await listRules(c.env, c.get("config"));
      return c.json({ rules: rules.filter((rule) => rule.effect === effect), ...rest });
    })
    .put("/:kind", save)
    .put("/:kind/:value", save)
    .delete("/:kind", lift)
    .delete("/:kind/:value", lift);
}

/** A rule as it is named in a request, not validated yet. */
interface GivenName {
  kind: string | undefined;
  value: string;
}

async function saveRule(c: RuleContext, effect: Rule["effect"]): Promise<Response> {
  const given = givenName(c);
  if (!nameOf(given)) return problem(c, NO_NAME);
  const body = await readRuleBody(c);
  if (!body.ok) return problem(c, body.refusal);
  return applyRule(c, effect, given, body.value);
}

const NO_NAME = refuse("invalid_request", {
  issues: [
    { path: "value", message: `use one of ${RULE_KINDS.join(", ")} and a value of that kind` },
  ],
});

/** Adds a rule, or replaces the one with this name. The note is the reason in the log. */
export async function applyRule(
  c: AppContext,
  effect: Rule["effect"],
  given: GivenName,
  { note, seconds }: RuleBody,
): Promise<Response> {
  const named = nameOf(given);
  if (!named) return problem(c, NO_NAME);
  const now = Date.now();
  const rule: Rule = {
    effect,
    ...named,
    by: "operator",
    addedAt: new Date(now).toISOString(),
    ...(seconds ? { expiresAt: new Date(now + seconds * 1_000).toISOString() } : {}),
    ...(note ? { note } : {}),
  };
  const intent = { action: "rule.saved", target: targetOf(rule), reason: note } as const;
  return recorded(c, { ...intent, asks: { expiresAt: rule.expiresAt } }, async () => {
    if (!(await addRule(c.env, c.get("config"), rule))) return notCopied(c);
    const warnings = warningsOf(rule, given.value);
    return c.json({ ...rule, ...(warnings.length > 0 ? { warnings } : {}) });
  });
}

const targetOf = ({ effect, kind, value }: RuleName) => `rule/${effect}/${kind}/${value}` as const;

/** Removes an operator's rule and, for a deny rule, the automatic block of the same name. */
export async function applyRemoval(
  c: AppContext,
  effect: Rule["effect"],
  given: GivenName,
  reason?: string,
): Promise<Response> {
  const named = nameOf(given);
  if (!named) return problem(c, refuse("not_found"));
  const rule = { effect, ...named };
  const intent = { action: "rule.removed", target: targetOf(rule), reason } as const;
  return recorded(c, intent, async () => {
    const gone = await removeRule(c.env, c.get("config"), rule);
    if (!gone.lifted) return problem(c, refuse("not_found"));
    return gone.copied ? c.body(null, 204) : notCopied(c);
  });
}

const notCopied = (c: AppContext): Response =>
  problem(c, refuse("unavailable", { detail: NOT_COPIED, retryAfterSeconds: 60 }));

/** The body is optional. The Content-Type of an empty body is ignored. */
async function readRuleBody(
  c: AppContext,
): Promise<{ ok: true; value: RuleBody } | { ok: false; refusal: Refusal }> {
  const isEmpty = (await readText(c.req.raw.clone(), MAX_RULE_BYTES)) === "";
  return isEmpty ? { ok: true, value: {} } : readJson(c, ruleBodySchema, MAX_RULE_BYTES);
}

/** Prefixes of this length, and shorter ones, cover whole providers. */
const WIDE_BITS = { IPv4: 12, IPv6: 24 };

/** Warns if a rule covers more than the given value says, or than one rule should. */
function warningsOf({ kind, value }: Rule, given: string): Issue[] {
  if (kind !== "ip") return [];
  const bits = Number(value.split("/")[1]);
  const warn = (message: string) => [{ path: "value", message }];
  const family = value.includes(":") ? "IPv6" : "IPv4";
  if (bits <= WIDE_BITS[family]) {
    return warn(
      bits === 0 ? `covers every ${family} address` : "covers very many people: whole providers",
    );
  }
  if (given.includes("/") || !value.endsWith("/64")) return [];
  return warn(
    `covers its network ${value}, which usually belongs to one client; use ${given}/128 for this address only`,
  );
}

const givenName = (c: RuleContext): GivenName => ({
  kind: c.req.param("kind"),
  value: c.req.param("value") ?? c.req.query("value") ?? "",
});

function nameOf({ kind: given, value }: GivenName): { kind: RuleKind; value: string } | undefined {
  const kind = RULE_KINDS.find((each) => each === given);
  const normal = kind && normalizeValue(kind, value);
  return kind && normal !== undefined ? { kind, value: normal } : undefined;
}

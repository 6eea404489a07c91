// The operator's deny and allow rules, and the automatic blocks with their evidence.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { problem, refuse } from "../errors.ts";
import { addRule, removeRule } from "../funnel/deny-list.ts";
import { normaliseValue, RULE_KINDS, type Rule, type RuleKind } from "../funnel/rule-book.ts";
import { listRules } from "../funnel/rule-store.ts";
import { type AppEnv, readJson } from "../http.ts";

const MAX_RULE_BYTES = 2_048;
const MAX_SECONDS = 366 * 86_400;

const ruleBodySchema = z.strictObject({
  note: z.string().max(500).optional(),
  /** Lifted by itself after so long; absent: until it is deleted. */
  seconds: z.int().min(1).max(MAX_SECONDS).optional(),
});

type RuleContext = Context<AppEnv, "/:kind/:value">;

/** Routes for the rules of one effect: `/denylist` and `/allowlist` differ in nothing else. */
export function ruleRoutes(effect: Rule["effect"]) {
  return new Hono<AppEnv>()
    .get("/", async (c) => {
      const rules = await listRules(c.env, c.get("config"));
      return c.json({ rules: rules.filter((rule) => rule.effect === effect) });
    })
    .put("/:kind/:value", (c) => saveRule(c, effect))
    .delete("/:kind/:value", async (c) => {
      const named = nameOf(c);
      const gone = named && (await removeRule(c.env, c.get("config"), { effect, ...named }));
      return gone ? c.body(null, 204) : problem(c, refuse("not_found"));
    });
}

async function saveRule(c: RuleContext, effect: Rule["effect"]): Promise<Response> {
  const named = nameOf(c);
  if (!named) {
    const message = `use one of ${RULE_KINDS.join(", ")} and a value of that kind`;
    return problem(c, refuse("invalid_request", { issues: [{ path: "value", message }] }));
  }
  // Some clients announce that they send nothing, and then there is an empty body.
  const empty = c.req.raw.body === null || c.req.header("content-length") === "0";
  const bare = empty && c.req.header("content-type") === undefined;
  const body = bare
    ? { ok: true as const, value: {} }
    : await readJson(c, ruleBodySchema, MAX_RULE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const { note, seconds }: z.output<typeof ruleBodySchema> = body.value;
  const now = Date.now();
  const rule: Rule = {
    effect,
    ...named,
    by: "operator",
    addedAt: new Date(now).toISOString(),
    ...(seconds ? { expiresAt: new Date(now + seconds * 1_000).toISOString() } : {}),
    ...(note ? { note } : {}),
  };
  await addRule(c.env, c.get("config"), rule);
  return c.json(rule);
}

function nameOf(c: RuleContext): { kind: RuleKind; value: string } | undefined {
  const kind = RULE_KINDS.find((known) => known === c.req.param("kind"));
  const value = kind && normaliseValue(kind, c.req.param("value"));
  return kind && value !== undefined ? { kind, value } : undefined;
}

// The console's routes for deny and allow rules.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Issue } from "../../errors.ts";
import { listRules } from "../../funnel/rule-store.ts";
import { type AppContext, type AppEnv, readForm } from "../../http.ts";
import { applyRemoval, applyRule } from "../rules.ts";
import { MAX_FORM_BYTES } from "./form-schema.ts";
import { faultsOf, issuesOf } from "./refusal-page.ts";
import { type RuleForm, ruleBodyOf, ruleForm } from "./rule-form.ts";
import { renderRules } from "./rules.tsx";

/** The rules on the page: there can be thousands of automatic blocks. */
const MAX_SHOWN = 200;

export const rulePages = new Hono<AppEnv>().get("/", showRules).post("/", changeRules);

/** A link can fill in the form: `?effect=deny&kind=user&value=ann`. */
async function showRules(c: AppContext): Promise<Response> {
  const { effect, kind, value } = c.req.query();
  const given = ruleForm.pick({ effect: true, kind: true, value: true });
  const { data } = given.safeParse({ effect, kind, value });
  return page(c, data ? { form: data } : {});
}

async function changeRules(c: AppContext): Promise<Response> {
  const form = await readForm(c, ruleForm, MAX_FORM_BYTES);
  if (!form.ok) return page(c, { issues: issuesOf(form.refusal) }, 400);
  const answer = await apply(c, form.value);
  if (!(answer instanceof Response)) return page(c, { form: form.value, issues: answer }, 400);
  if (answer.ok) return c.redirect(`/admin/rules?done=${form.value.action}`, 303);
  const shown = { form: form.value, issues: await faultsOf(answer) };
  return page(c, shown, answer.status as ContentfulStatusCode);
}

/** The answer of the operator's API, or what is wrong with the form. */
async function apply(c: AppContext, form: RuleForm): Promise<Response | Issue[]> {
  const { action, effect, reason } = form;
  if (action === "remove") return applyRemoval(c, effect, form, reason);
  const body = ruleBodyOf(form);
  return body.ok ? applyRule(c, effect, form, body.body) : body.issues;
}

interface Shown {
  form?: Partial<RuleForm>;
  issues?: readonly Issue[];
}

async function page(
  c: AppContext,
  shown: Shown,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const { rules, incomplete = false } = await listRules(c.env, c.get("config"));
  const newest = rules.sort((a, b) => b.addedAt.localeCompare(a.addedAt));
  const html = await renderRules({
    ...{ operator: c.get("operator"), rules: newest.slice(0, MAX_SHOWN) },
    ...{ more: Math.max(0, newest.length - MAX_SHOWN), incomplete, done: c.req.query("done") },
    ...shown,
  });
  return c.html(html, status);
}

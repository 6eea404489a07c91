// The console's routes for deny and allow rules.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { listRules } from "../../funnel/rule-store.ts";
import type { Issue } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { applyRemoval, applyRule } from "../rules.ts";
import { type RuleForm, ruleBodyOf, ruleForm } from "./rule-form.ts";
import { renderRules } from "./rules.tsx";
import { submitForm } from "./submit-form.ts";

/** The rules on the page: there can be thousands of automatic blocks. */
const MAX_SHOWN = 200;

export const rulePages = new Hono<AppEnv>().get("/", showRules).post("/", (c) => changeRules(c));

/** A link can fill in the form: `?effect=deny&kind=user&value=ann`. */
async function showRules(c: AppContext): Promise<Response> {
  const { effect, kind, value } = c.req.query();
  const given = ruleForm.pick({ effect: true, kind: true, value: true });
  const { data } = given.safeParse({ effect, kind, value });
  return page(c, data ? { form: data } : {});
}

const changeRules = (c: AppContext): Promise<Response> =>
  submitForm(c, ruleForm, {
    apply: (form) => apply(c, form),
    done: async ({ action }, answer) => {
      const warnings = action === "save" ? await warningsIn(answer) : undefined;
      return warnings
        ? page(c, { done: action, warnings })
        : c.redirect(`/admin/rules?done=${action}`, 303);
    },
    show: (refused) => page(c, refused),
  });

function apply(c: AppContext, form: RuleForm): Promise<Response> | Issue[] {
  const { action, effect, kind, reason } = form;
  // Only a user id can begin or end with a space.
  const name = { kind, value: kind === "user" ? form.value : form.value.trim() };
  if (action === "remove") return applyRemoval(c, effect, name, reason);
  const body = ruleBodyOf(form);
  return body.ok ? applyRule(c, effect, name, body.command) : body.issues;
}

async function warningsIn(answer: Response): Promise<Issue[] | undefined> {
  return (await answer.json<{ warnings?: Issue[] }>()).warnings;
}

interface Shown {
  form?: Partial<RuleForm>;
  issues?: readonly Issue[];
  warnings?: readonly Issue[];
  done?: string;
  status?: ContentfulStatusCode;
}

async function page(c: AppContext, { status = 200, ...shown }: Shown): Promise<Response> {
  const { rules, incomplete = false } = await listRules(c.env, c.get("config"));
  const newest = rules.sort((a, b) => b.addedAt.localeCompare(a.addedAt));
  const html = await renderRules({
    ...{ operator: c.get("operator"), rules: newest.slice(0, MAX_SHOWN) },
    ...{ more: Math.max(0, newest.length - MAX_SHOWN), incomplete, done: c.req.query("done") },
    ...shown,
  });
  return c.html(html, status);
}

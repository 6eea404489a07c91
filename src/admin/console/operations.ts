// The console's routes for what operators do: the switches, and the log of changes.
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import type { LogEntry } from "../../catalog/log-entry.ts";
import { parseCondition } from "../../catalog/precondition.ts";
import { etagOfSwitches } from "../../catalog/registry-types.ts";
import { registryOf } from "../../catalog/store.ts";
import type { Issue } from "../../http/errors.ts";
import { type AppContext, readForm } from "../../http/request.ts";
import { automaticSwitches } from "../automatic-switches.ts";
import { applySwitches } from "../switches.ts";
import { MAX_FORM_BYTES } from "./form-schema.ts";
import { renderLog } from "./log.tsx";
import { faultsOf, issuesOf } from "./refusal-page.ts";
import { changeOf, type SwitchForm, switchForm, toFormIssue } from "./switch-form.ts";
import { type Preview, renderSwitches } from "./switches.tsx";

const PAGE_SIZE = 50;

/** A link can fill in what to change: `?choice=pause&target=spring-drop`. */
export async function showSwitchesPage(c: AppContext): Promise<Response> {
  const { choice, target } = c.req.query();
  const given = switchForm.safeParse({ choice, target });
  return page(c, given.success ? { form: given.data } : {});
}

/** Previews a change, and applies it once the operator has seen the preview. */
export async function changeSwitchesPage(c: AppContext): Promise<Response> {
  const form = await readForm(c, switchForm, MAX_FORM_BYTES);
  if (!form.ok) return page(c, { issues: issuesOf(form.refusal) }, 400);
  const { step, etag } = form.value;
  if (step === "edit") return page(c, { form: form.value });
  const wanted = changeOf(form.value, Date.now());
  if (!wanted.ok) return page(c, { form: form.value, issues: wanted.issues }, 400);
  const ifMatch = parseCondition(etag);
  const isPreview = step === "preview";
  const condition = ifMatch && !isPreview ? { ifMatch } : {};
  const answer = await applySwitches(c, wanted.command, { condition, isPreview });
  if (answer.ok && !isPreview) return c.redirect("/admin/switches", 303);
  if (answer.ok) return page(c, { form: form.value, preview: await answer.json<Preview>() });
  if (answer.status === 412) {
    const conflict = await changesSince(c, etag);
    return page(c, { form: form.value, conflict }, 412);
  }
  const issues = (await faultsOf(answer)).map(toFormIssue);
  return page(c, { form: form.value, issues }, answer.status as ContentfulStatusCode);
}

/** The newest changes of switches after the state with this entity tag: its version is the time of the change before. */
async function changesSince(c: AppContext, etag: string): Promise<LogEntry[]> {
  const seenAt = Number(etag.replaceAll('"', ""));
  using entries = await registryOf(c.env).logPage(undefined, undefined, PAGE_SIZE);
  return entries.filter(
    ({ action, outcome, at }) =>
      action === "switches.changed" && outcome !== "refused" && Date.parse(at) > seenAt,
  );
}

interface Shown {
  form?: SwitchForm;
  issues?: readonly Issue[];
  preview?: Preview;
  conflict?: readonly LogEntry[];
}

async function page(
  c: AppContext,
  shown: Shown,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  using found = await registryOf(c.env).switches();
  // A plain copy: the answer of an RPC must not outlive the request.
  const registered = { version: found.version, switches: [...found.switches] };
  const etag = etagOfSwitches(registered);
  const html = await renderSwitches({
    ...{ operator: c.get("operator"), registered, etag },
    automatic: await automaticSwitches(c.env),
    ...shown,
  });
  return c.html(html, status);
}

const cursorSchema = z.coerce.number().int().positive().optional();

/** `?target=order/…`: only the changes of one thing. */
export async function showLog(c: AppContext): Promise<Response> {
  const cursor = cursorSchema.safeParse(c.req.query("cursor"));
  const target = c.req.query("target") || undefined;
  using entries = await registryOf(c.env).logPage(target, cursor.data, PAGE_SIZE);
  const next = entries.length === PAGE_SIZE ? entries.at(-1)?.id : undefined;
  const [operator, isFirst] = [c.get("operator"), cursor.data === undefined];
  return c.html(await renderLog({ operator, target, isFirst, entries, next }));
}

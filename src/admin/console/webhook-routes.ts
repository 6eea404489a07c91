// The console's routes for the shop's webhook: its state, replays, and sending again after a stop.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Issue } from "../../errors.ts";
import { type AppContext, type AppEnv, readForm } from "../../http.ts";
import { applyResume, applyWebhookReplay, readWebhookState } from "../webhooks.ts";
import { MAX_FORM_BYTES } from "./form-schema.ts";
import { faultsOf, issuesOf } from "./refusal-page.ts";
import { type ReplayForm, replayOf, webhookForm } from "./webhook-form.ts";
import { renderWebhooks } from "./webhooks.tsx";

const PATH = "/admin/webhooks";

export const webhookPages = new Hono<AppEnv>().get("/", (c) => showPage(c, {})).post("/", change);

interface Shown {
  /** The replay as it was filled in. */
  form?: ReplayForm;
  issues?: readonly Issue[];
  status?: number;
}

async function showPage(c: AppContext, { status = 200, ...shown }: Shown): Promise<Response> {
  const html = await renderWebhooks({
    ...{ operator: c.get("operator"), state: await readWebhookState(c) },
    ...{ done: c.req.query("done"), replayKey: crypto.randomUUID(), now: Date.now() },
    ...shown,
  });
  return c.html(html, status as ContentfulStatusCode);
}

async function change(c: AppContext): Promise<Response> {
  const read = await readForm(c, webhookForm, MAX_FORM_BYTES);
  if (!read.ok) return showPage(c, { issues: issuesOf(read.refusal), status: 400 });
  const form = read.value;
  if (form.action === "resume") return answered(c, await applyResume(c, form.reason), "resume", {});
  const asked = replayOf(form);
  if (!asked.ok) return showPage(c, { form, issues: asked.issues, status: 400 });
  const answer = await applyWebhookReplay(c, form.key, asked.request);
  return answered(c, answer, "replay", { form });
}

async function answered(
  c: AppContext,
  answer: Response,
  done: string,
  shown: Shown,
): Promise<Response> {
  if (answer.ok) return c.redirect(`${PATH}?done=${done}`, 303);
  return showPage(c, { ...shown, issues: await faultsOf(answer), status: answer.status });
}

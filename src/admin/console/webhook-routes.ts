// The console's routes for the shop's webhook: its state, replays, and sending again after a stop.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type * as z from "zod";
import type { Issue } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { applyResume, applyWebhookReplay, readWebhookState } from "../webhooks.ts";
import { submitForm } from "./submit-form.ts";
import { type ReplayForm, replayOf, webhookForm } from "./webhook-form.ts";
import { renderWebhooks } from "./webhooks.tsx";

const PATH = "/admin/webhooks";

export const webhookPages = new Hono<AppEnv>()
  .get("/", (c) => showPage(c, {}))
  .post("/", (c) => change(c));

interface Shown {
  /** The replay as it was filled in. */
  form?: ReplayForm;
  issues?: readonly Issue[];
  status?: ContentfulStatusCode;
}

async function showPage(c: AppContext, { status = 200, ...shown }: Shown): Promise<Response> {
  const html = await renderWebhooks({
    ...{ operator: c.get("operator"), state: await readWebhookState(c) },
    ...{ done: c.req.query("done"), replayKey: crypto.randomUUID(), now: Date.now() },
    ...shown,
  });
  return c.html(html, status);
}

const change = (c: AppContext): Promise<Response> =>
  submitForm(c, webhookForm, {
    apply: (form) => apply(c, form),
    done: ({ action }) => c.redirect(`${PATH}?done=${action}`, 303),
    show: ({ form, ...refused }) =>
      showPage(c, form?.action === "replay" ? { form, ...refused } : refused),
  });

function apply(c: AppContext, form: z.output<typeof webhookForm>): Promise<Response> | Issue[] {
  if (form.action === "resume") return applyResume(c, form.reason);
  const asked = replayOf(form);
  return asked.ok ? applyWebhookReplay(c, form.key, asked.command) : asked.issues;
}

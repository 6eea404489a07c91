// The console's routes for alerts.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { alertWatchOf } from "../../alerts/client.ts";
import type { Issue } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { testAlerts } from "../alerts.ts";
import { renderAlertLists, renderAlerts } from "./alerts.tsx";
import { faultsOf } from "./refusal-page.ts";

export const alertPages = new Hono<AppEnv>()
  .get("/", (c) => showAlerts(c))
  .get("/lists", showLists)
  .post("/test", sendTest);

async function showAlerts(
  c: AppContext,
  issues: readonly Issue[] = [],
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const html = await renderAlerts({
    operator: c.get("operator"),
    alerts: await alertWatchOf(c.env).list(),
    hasReceiver: c.get("config").ALERT_WEBHOOK_URL !== undefined,
    isTested: c.req.query("done") === "test",
    issues,
  });
  return c.html(html, status);
}

/** The part of the page that its script replaces. */
async function showLists(c: AppContext): Promise<Response> {
  return c.html(await renderAlertLists(await alertWatchOf(c.env).list()));
}

async function sendTest(c: AppContext): Promise<Response> {
  const answer = await testAlerts(c);
  if (answer.ok) return c.redirect("/admin/alerts?done=test", 303);
  return showAlerts(c, await faultsOf(answer), answer.status as ContentfulStatusCode);
}

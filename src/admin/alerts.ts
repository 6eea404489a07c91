// The operator's routes for alerts: what fires and what ended, and a test of the receiver.
import { alertWatchOf } from "../alerts/client.ts";
import { sendTestNews } from "../alerts/send.ts";
import type { Config } from "../config/config.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { invalid } from "./condition.ts";
import { recorded } from "./log.ts";

/** Lists the alerts that fire, and those that ended last. */
export async function listAlerts(c: AppContext): Promise<Response> {
  return c.json(await alertWatchOf(c.env).list());
}

/** Sends a test to the receiver, once, and says whether it was accepted. */
export async function testAlerts(c: AppContext): Promise<Response> {
  const config = c.get("config");
  if (!config.ALERT_WEBHOOK_URL) return problem(c, invalid("ALERT_WEBHOOK_URL", "must be set"));
  return recorded(c, { action: "alerts.tested", target: "deployment" }, () => sendTest(c, config));
}

async function sendTest(c: AppContext, config: Config): Promise<Response> {
  const fault = await sendTestNews(config);
  if (fault === undefined) return c.json({ delivered: true });
  return problem(c, refuse("unavailable", { detail: `Not delivered: ${fault}` }));
}

// Sends news of alerts to the operator's webhook.
import { postSigned } from "../http/signed-post.ts";
import { bodyFor, type News } from "./formats.ts";
import type { AlertConfig } from "./notice.ts";

/** The longest that the receiver may take: milliseconds. */
const LIMIT_MS = 5_000;

/** Returns what went wrong, or undefined if the receiver accepted it. */
export async function sendNews(config: AlertConfig, news: News): Promise<string | undefined> {
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secrets = [] } = config;
  if (!url) return "no ALERT_WEBHOOK_URL is set";
  const { fault } = await postSigned(
    { url, secrets, limitMs: LIMIT_MS },
    news.id,
    bodyFor(config, news),
  );
  return fault && `the receiver ${fault}`;
}

/** Sends a test once. Returns what went wrong, or undefined if the receiver accepted it. */
export function sendTestNews(config: AlertConfig): Promise<string | undefined> {
  const at = Date.now();
  const id = `test/${crypto.randomUUID()}`;
  const values = { rule: "no_sale", about: "deployment", value: 0, threshold: 0 } as const;
  const times = { since: at, startedAt: at, calmSince: null, seenAt: at };
  return sendNews(config, { id, kind: "test", alert: { id, ...values, ...times }, at });
}

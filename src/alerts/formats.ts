// The bodies that the receivers of notices understand: the Standard Webhooks form, Slack's, and PagerDuty's. Pure.
import type { Alert } from "./decide-alerts.ts";
import type { AlertConfig, NoticeKind } from "./notice.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";

/** The contents of a notice. `test`: an operator tries the receiver. */
export interface News {
  id: string;
  kind: NoticeKind | "test";
  alert: Alert;
  /** Milliseconds. */
  at: number;
}

export const ruleOf = ({ rule }: Pick<Alert, "rule">): Rule =>
  RULES.find(({ name }) => name === rule) as Rule;

/** A value with its unit: `40 %` or `75 seconds`. */
export function valueText(value: number, unit: Rule["unit"]): string {
  if (unit === "share") return `${Math.round(value * 1_000) / 10} %`;
  const count = Math.round(value);
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}

/** One or two sentences, without characters that Slack's markup gives a meaning. */
export function textOf({ kind, alert }: Pick<News, "kind" | "alert">): string {
  if (kind === "test") return "Test: the alerts of Doorbuster reach this receiver.";
  const { title, unit, advice } = ruleOf(alert);
  const { about, skuId, value, threshold } = alert;
  const where = skuId === undefined ? about : `${about}, sku/${skuId}`;
  const values = `${valueText(value, unit)}, limit ${valueText(threshold, unit)}`;
  const told = `${title} (${where}: ${values}).`;
  return kind === "ended" ? `Over: ${told}` : `Alert: ${told} ${advice}`;
}

/** The body of a request for this deployment's receiver. */
export function bodyFor(config: AlertConfig, news: News): object {
  if (config.ALERT_FORMAT === "slack") return { text: textOf(news) };
  if (config.ALERT_FORMAT === "pagerduty") return pagerDuty(config, news);
  const { rule, about, skuId, value, threshold, since } = news.alert;
  const { severity, unit, advice } = ruleOf(news.alert);
  return {
    id: news.id,
    type: `alert.${news.kind}`,
    timestamp: new Date(news.at).toISOString(),
    text: textOf(news),
    alert: {
      id: news.alert.id,
      ...{ rule, severity, about, ...(skuId === undefined ? {} : { skuId }) },
      ...{ value, threshold, unit, advice },
      since: new Date(since).toISOString(),
    },
  };
}

/** An event of PagerDuty's Events API v2. The alert's id is its key, so that the end resolves what the start opened. */
function pagerDuty({ ALERT_PAGERDUTY_KEY, PUBLIC_ORIGIN }: AlertConfig, news: News): object {
  const { alert, kind, at } = news;
  const { rule, about, skuId, value, threshold } = alert;
  const severity = kind === "test" ? "info" : ruleOf(alert).severity;
  return {
    routing_key: ALERT_PAGERDUTY_KEY,
    event_action: kind === "ended" ? "resolve" : "trigger",
    dedup_key: kind === "test" ? news.id : alert.id,
    payload: {
      summary: textOf(news),
      source: PUBLIC_ORIGIN ?? "doorbuster",
      severity,
      timestamp: new Date(at).toISOString(),
      class: rule,
      custom_details: { about, ...(skuId === undefined ? {} : { skuId }), value, threshold },
    },
  };
}

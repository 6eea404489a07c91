// Alerts about what buyers do not see at once: the outbox, dead letters, breakers, and copies in Redis.
import { gaugesOf, valuesOfSku } from "./figures.ts";
import type { Rule } from "./rule.ts";
import { worstOfSkus } from "./rules-sale.ts";

/** The age in seconds of the oldest of these times, in seconds since 1970. 0 stands for none. */
const oldest = (timestamps: number[], now: number): number =>
  Math.max(0, ...timestamps.map((timestamp) => (timestamp ? now / 1_000 - timestamp : 0)));

export const outboxOld: Rule = {
  name: "outbox_old",
  severity: "critical",
  title: "Accepted orders are not settled",
  unit: "seconds",
  afterSeconds: 0,
  advice:
    "Look at the queues and their consumers in Cloudflare's dashboard. The orders are safe: their ledger sends them again.",
  evaluate: (figures) =>
    worstOfSkus(figures, (sku) =>
      oldest(valuesOfSku(figures.metrics, "outbox_oldest_timestamp_seconds", sku), figures.now),
    ),
};

/** Whoever evaluates the rules is not late. While that fails, the watch measures this one itself. */
export const alertsLate: Rule = {
  name: "alerts_late",
  severity: "critical",
  title: "The rules of the alerts are not evaluated",
  unit: "seconds",
  afterSeconds: 0,
  advice:
    "Nobody is told of anything else meanwhile: watch the console. Look for alerts.not_evaluated in the logs of Cloudflare's dashboard.",
  evaluate: () => [{ about: "deployment", value: 0 }],
};

export const deadLetters: Rule = {
  name: "dead_letters",
  severity: "warning",
  title: "Messages could not be processed",
  unit: "letters",
  afterSeconds: 0,
  advice: "Read their reasons at GET /api/admin/dead-letters, then replay or discard each.",
  evaluate: ({ deadLetters: value }) => (value === null ? [] : [{ about: "deployment", value }]),
};

export const breakerOpen: Rule = {
  name: "breaker_open",
  severity: "critical",
  title: "A service that Doorbuster needs is down or slow",
  unit: "seconds",
  afterSeconds: 0,
  advice: "Read that service's status page. The README says under Operate what goes on without it.",
  evaluate: ({ metrics }) =>
    gaugesOf(metrics, "breaker_open_seconds", {}).map(({ labels, total: value }) => ({
      about: `breaker/${labels.breaker}`,
      value,
    })),
};

export const stockStale: Rule = {
  name: "stock_stale",
  severity: "warning",
  title: "The public stock is out of date",
  unit: "seconds",
  afterSeconds: 0,
  advice:
    "Look whether Redis takes writes: its status page, its memory, its daily limit. Orders are not affected.",
  evaluate: (figures) =>
    worstOfSkus(figures, (sku) => {
      const since = valuesOfSku(figures.metrics, "copy_stale_timestamp_seconds", sku, {
        copy: "live",
      });
      return oldest(since, figures.now);
    }),
};

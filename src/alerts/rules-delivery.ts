// Alerts about money, and about the shop's webhook.
import { countOf, countsOf, WINDOW } from "./figures.ts";
import type { Reading, Rule } from "./rule.ts";

const { sinceSeconds: WINDOW_SECONDS } = WINDOW;
/** Fewer of them say nothing about the share that fails. */
const MIN_CHARGES = 20;
const MIN_POSTS = 5;

/** Unknown while there are too few, unless all of them were right: that ends an alert. */
function shareOf(failed: number, all: number, min: number): Reading[] {
  if (all < min && !(all > 0 && failed === 0)) return [];
  return [{ about: "deployment", value: failed / all }];
}

export const chargesFailing: Rule = {
  name: "charges_failing",
  severity: "critical",
  title: "Charges are declined or fail",
  unit: "share",
  afterSeconds: 30,
  advice:
    "Read the payment provider's status page. If it is down, pause payments by the switch: holds wait for 30 minutes.",
  evaluate: ({ metrics }) => {
    const outcomes = countsOf(metrics, "payments", { step: "charge" }, WINDOW_SECONDS);
    const sum = (...names: string[]) =>
      outcomes.reduce((total, { labels, count }) => {
        return names.includes(labels.outcome ?? "") ? total + count : total;
      }, 0);
    const failed = sum("declined", "unknown");
    return shareOf(failed, failed + sum("charged"), MIN_CHARGES);
  },
};

export const chargesLate: Rule = {
  name: "charges_late",
  severity: "critical",
  title: "Charges come after their holds have ended",
  unit: "charges",
  afterSeconds: 0,
  advice:
    "Late money buys free units or is refunded by itself. Slow the sale down, or raise PAYMENT_RATE_PER_SECOND.",
  evaluate: ({ sales, metrics }) =>
    sales.map(({ id: sale }) => ({
      about: `sale/${sale}`,
      value: countOf(metrics, "payments_late", { sale }, WINDOW_SECONDS),
    })),
};

export const webhookFailing: Rule = {
  name: "webhook_failing",
  severity: "warning",
  title: "The shop's webhook does not accept events",
  unit: "share",
  afterSeconds: 0,
  advice:
    "Repair the receiver at ORDER_WEBHOOK_URL. Nothing is lost: events are sent again for a week.",
  evaluate: ({ metrics }) => {
    const posts = (outcome: string) => countOf(metrics, "webhooks", { outcome }, WINDOW_SECONDS);
    const failed = posts("failed");
    return shareOf(failed, failed + posts("delivered"), MIN_POSTS);
  },
};

export const webhookGone: Rule = {
  name: "webhook_gone",
  severity: "critical",
  title: "The shop gets no events, because its webhook answered that it is gone",
  unit: "seconds",
  afterSeconds: 0,
  advice:
    "Nothing is lost: the ledgers still owe every event. Correct ORDER_WEBHOOK_URL, or repair the receiver and resume under Webhooks in the console.",
  evaluate: ({ webhookGoneAt: at, now }) =>
    at === null
      ? []
      : [{ about: "deployment", value: at === 0 ? 0 : Math.max(1, (now - at) / 1_000) }],
};

// The metrics: every name, its labels, and what it means. Names and labels follow Prometheus' conventions.

type MetricType = "counter" | "gauge" | "histogram";

export interface Metric {
  type: MetricType;
  help: string;
  labels: readonly string[];
  /** Whether every isolate sets it: see `setWorst`. */
  isWorst?: boolean;
}

const metric =
  <Type extends MetricType>(type: Type) =>
  <const Labels extends readonly string[]>(help: string, labels: Labels) => ({
    type,
    help,
    labels,
  });
const counter = metric("counter");
const gauge = metric("gauge");
const histogram = metric("histogram");
const worst = <const Labels extends readonly string[]>(help: string, labels: Labels) => ({
  ...gauge(help, labels),
  isWorst: true,
});

/** By their names without the prefix `doorbuster_` and without the suffix `_total` of counters. */
export const METRICS = {
  funnel_passed: counter("Attempts to buy that passed every stage", ["sale"]),
  funnel_refused: counter("Attempts to buy that a stage refused", ["stage", "reason", "sale"]),
  change_refused: counter("Refused payments and cancellations", ["stage", "reason", "sale"]),
  read_refused: counter("Refused reads of orders", ["stage", "reason", "sale"]),
  orders: counter("Attempts that asked a SKU's object, by its answer", ["outcome", "sale"]),
  challenge: counter("Verified challenges", ["verdict", "sale"]),
  risk: counter("Reasons to challenge a caller", ["reason", "sale"]),
  blocked: counter("Automatic blocks", ["kind", "sale"]),
  deny_list_full: counter("Automatic blocks without room in the list", []),
  limits_degraded: counter("Attempts limited by the colo, because Redis did not answer", []),
  shield_failed: counter("Requests that the flood shield could not count", []),
  operator_refused: counter("Refused requests to the operator's API", ["reason"]),
  cache: counter("Reads of shared data, by what answered", ["data", "tier"]),
  drift: counter("Copies that differed from their source and were repaired", ["copy"]),
  payments: counter("Steps of payments, by the provider's answer", ["step", "outcome"]),
  payments_late: counter("Charges that came after the hold had ended", ["sale"]),
  webhooks: counter("Events posted to the shop", ["outcome"]),
  dead_letters: counter("Messages that became dead letters", ["queue"]),
  breaker_changes: counter("Changes of a breaker's state in an isolate", ["breaker", "state"]),
  breaker_refused: counter("Calls that a breaker refused", ["breaker"]),
  breaker_state: worst("The worst state in any isolate: 2 open, 1 half-open, 0 closed", [
    "breaker",
  ]),
  breaker_open_seconds: worst("How long it has not been closed in any isolate; 0 if closed", [
    "breaker",
  ]),
  redis_commands: counter("Commands sent to Redis; a script is one command", []),
  redis_dollars: counter("Estimated price of these commands; a script costs two", []),
  http_seconds: histogram("Time until the response, at the edge", ["route", "class"]),
  object_seconds: histogram("Calls of a SKU's object, as the edge sees them", ["call", "answer"]),
  queue_age_seconds: histogram("Age of messages at their first delivery", ["queue"]),
  units: gauge("Units of a SKU: available, held, and sold", ["sale", "sku", "state"]),
  holds_paused: gauge("Holds that wait for a payment", ["sale", "sku"]),
  copy_stale_timestamp_seconds: gauge(
    "Since when Redis lacks the latest copy of a SKU's figures; 0 if it has it",
    ["copy", "sku"],
  ),
  outbox_orders: gauge("Orders that the consumer has not acknowledged", ["sku"]),
  outbox_oldest_timestamp_seconds: gauge(
    "When the oldest of them changed, without those that only wait for money; 0 if none",
    ["sku"],
  ),
  line_people: gauge("People in a line", ["sale", "state"]),
  line_rate: gauge("People admitted per second: wanted and actual", ["sale", "kind"]),
  alerts_evaluated_timestamp_seconds: gauge("When the rules of the alerts were last evaluated", []),
  payments_waiting: gauge("Payments in line", []),
  payments_rate: gauge("Payments that may start per second", []),
  payments_oldest_timestamp_seconds: gauge("When the oldest of them came; 0 if none", []),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
type NameOf<Type extends MetricType> = {
  [Name in MetricName]: (typeof METRICS)[Name]["type"] extends Type ? Name : never;
}[MetricName];
export type CounterName = NameOf<"counter">;
export type GaugeName = NameOf<"gauge">;
export type HistogramName = NameOf<"histogram">;

type Texts<Labels extends readonly string[]> = { [Index in keyof Labels]: string };
/** One value for each label of the metric, in its order. */
export type LabelValues<Name extends MetricName> = Texts<(typeof METRICS)[Name]["labels"]>;

/**
 * Upper bounds of the buckets of every histogram, in seconds. One more bucket has no bound. A stored histogram has the
 * count of each bucket and, last, the sum in seconds.
 */
export const BOUNDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
] as const;

const SEPARATOR = "|";
const MAX_LABEL = 64;
/** A label that could be taken for another series, or break a line of text. */
const HOSTILE = /[|\p{Cc}]|\p{Cs}/u;

/** The key of a series: the name and the values of its labels. */
export const keyOf = (name: MetricName, labels: readonly string[]): string => {
  let key: string = name;
  for (const label of labels) key += SEPARATOR + label;
  return key;
};

/** Whether labels may name a series. */
export const areFit = (labels: readonly string[]): boolean =>
  labels.every((label) => label.length <= MAX_LABEL && !HOSTILE.test(label));

/** The series that takes what has no series of its own: all its labels are `other`. */
export const otherKeyOf = (key: string): string => {
  const [name = "", ...labels] = key.split(SEPARATOR);
  return [name, ...labels.map(() => "other")].join(SEPARATOR);
};

/** A series, as its key says. Undefined if this release does not know the metric. */
export function parseKey(
  key: string,
): { name: MetricName; labels: Record<string, string> } | undefined {
  const [name = "", ...values] = key.split(SEPARATOR);
  if (!Object.hasOwn(METRICS, name)) return undefined;
  const known = METRICS[name as MetricName] as Metric;
  if (known.labels.length !== values.length) return undefined;
  const labels = Object.fromEntries(known.labels.map((label, at) => [label, values[at] ?? ""]));
  return { name: name as MetricName, labels };
}

/** The name by which a metric is published. */
export const fullNameOf = (name: MetricName): string =>
  `doorbuster_${name}${METRICS[name].type === "counter" ? "_total" : ""}`;

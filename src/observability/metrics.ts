// Counters of this isolate by name and label, such as refusals by stage. For operators.

const counters = new Map<string, number>();
/** Limit, because a label may come from a document (a sale id). Further series share one. */
const MAX_SERIES = 2_000;

/** Adds one to a counter such as `funnel.refused` with labels such as `limits.rate_limited`. */
export function count(name: string, ...labels: string[]): void {
  let series = [name, ...labels].join("|");
  if (!counters.has(series) && counters.size >= MAX_SERIES) series = `${name}|other`;
  counters.set(series, (counters.get(series) ?? 0) + 1);
}

/** All counters since the isolate started: `name|label|…` → count. */
export const readCounters = (): Record<string, number> => Object.fromEntries(counters);

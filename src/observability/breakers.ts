// The state of the circuit breakers of the whole system, from the merged metrics. Pure.
import type { Metrics } from "./read-metrics.ts";

/** A breaker, as the isolate sees it that is worst off. */
export interface BreakerFigures {
  name: string;
  state: "closed" | "half-open" | "open";
  /** How long it has not been closed, probes included. 0 if it is closed. */
  openSeconds: number;
}

const STATES = ["closed", "half-open", "open"] as const;

/**
 * Every breaker that has ever opened, by name. A state is at most some seconds old while calls arrive. It counts as closed once no
 * isolate has reported it for 90 seconds.
 */
export function breakersOf({ series }: Metrics): BreakerFigures[] {
  const totalOf = (metric: string, breaker: string | undefined) => {
    const found = series.find(({ name, labels }) => name === metric && labels.breaker === breaker);
    return (found?.total as number | undefined) ?? 0;
  };
  return series
    .filter(({ name }) => name === "breaker_state")
    .map(({ labels: { breaker = "" } }) => ({
      name: breaker,
      state: STATES[totalOf("breaker_state", breaker)] ?? "open",
      openSeconds: Math.round(totalOf("breaker_open_seconds", breaker)),
    }));
}

// The goals a rehearsal can be held to from the command line.
import { formatNumber } from "../../terminal-format.ts";
import type { Thresholds } from "../options.ts";
import type { Result } from "../result.ts";
import type { Verdict } from "./verdicts.ts";

/** Holds the figures against the goals that were set. */
export function holdAgainst(
  { maxP99, maxErrors }: Thresholds,
  { latencyMs, errorShare }: Pick<Result, "latencyMs" | "errorShare">,
): Verdict[] {
  const slow = Object.entries(latencyMs).filter(([, { p99 }]) => p99 > (maxP99 ?? Infinity));
  const tooMany = errorShare > (maxErrors ?? 1);
  return [
    ...(maxP99 === undefined
      ? []
      : [
          {
            promise: `p99 of every kind of request ≤ ${formatNumber(maxP99, 1)} ms`,
            violations: slow.map(([kind, { p99 }]) => `${kind}: ${formatNumber(p99, 1)} ms`),
          },
        ]),
    ...(maxErrors === undefined
      ? []
      : [
          {
            promise: `requests without an answer or with a 5xx ≤ ${formatNumber(maxErrors * 100, 3)}%`,
            violations: tooMany ? [`${formatNumber(errorShare * 100, 3)}%`] : [],
          },
        ]),
  ];
}

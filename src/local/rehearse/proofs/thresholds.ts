// Checks the limits set with --max-p99 and --max-errors.
import { formatNumber } from "../../terminal-format.ts";
import type { Thresholds } from "../options.ts";
import type { Result } from "../result.ts";
import { type ProofResult, resultOf } from "./verify.ts";

/** Returns one result for each limit that is set. */
export function checkThresholds(
  { maxP99, maxErrors }: Thresholds,
  { latencyMs, errorShare }: Pick<Result, "latencyMs" | "errorShare">,
): ProofResult[] {
  const results: ProofResult[] = [];
  if (maxP99 !== undefined) {
    const slow = Object.entries(latencyMs).filter(([, { p99 }]) => p99 > maxP99);
    const violations = slow.map(([kind, { p99 }]) => `${kind}: ${formatNumber(p99, 1)} ms`);
    results.push(
      resultOf(`p99 of every kind of request ≤ ${formatNumber(maxP99, 1)} ms`, violations),
    );
  }
  if (maxErrors !== undefined) {
    const violations = errorShare > maxErrors ? [percent(errorShare)] : [];
    results.push(resultOf(`requests with a 5xx or no answer ≤ ${percent(maxErrors)}`, violations));
  }
  return results;
}

const percent = (share: number): string => `${formatNumber(share * 100, 3)}%`;

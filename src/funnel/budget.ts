// Rate limits as counted in this isolate: a caller over a limit is refused from memory, so one isolate never sends
// Redis more requests of a caller than the limit allows. Reads are counted here only.
import type { LimitPolicy } from "../catalog/protection.ts";
import { memory } from "../edge/memory.ts";

/** The rest of a caller's limit, by this isolate's own count. */
export interface Budget {
  /** When the budget expires, in milliseconds since 1970. */
  until: number;
  /** The most requests that can still be allowed until then. */
  left: number;
}

const budgets = memory<Budget>("limits", { sizeOf: () => 64 });

/** The caller's budget, created if there is none. The caller of this function decrements `left`. */
export function budgetOf(key: string, policy: LimitPolicy, now: number): Budget {
  const known = peekBudget(key, policy, now);
  if (known) return known;
  const budget = fullBudget(policy, now);
  budgets.set(key, budget);
  return budget;
}

/** The caller's budget; undefined if there is none or it has expired. */
export function peekBudget(key: string, policy: LimitPolicy, now: number): Budget | undefined {
  const known = budgets.get(key);
  // A budget that expires too far in the future was made before the clock was set back.
  const isPlausible = known !== undefined && known.until - now <= 2 * policy.windowSeconds * 1_000;
  return isPlausible && now < known.until ? known : undefined;
}

/** The most requests a limit can allow from now on. A full token bucket may refill once within a window. */
function fullBudget({ algorithm, limit, windowSeconds }: LimitPolicy, now: number): Budget {
  const window = windowSeconds * 1_000;
  if (algorithm === "token-bucket") return { until: now + window, left: 2 * limit };
  return { until: (Math.floor(now / window) + 1) * window, left: limit };
}

// What this isolate knows of a limit by itself: who is over it until when, and how often it was asked
// already. Whoever counts for it (Redis, or for reading nobody) is never asked more often than the limit.
import type { LimitPolicy } from "../catalog/protection.ts";
import { memory } from "../edge/memory.ts";

/** What is left of a caller's limit, as far as this isolate can know. */
export interface Budget {
  /** Until when this holds, in milliseconds. */
  until: number;
  /** How many more requests could possibly be allowed until then. */
  left: number;
}

const budgets = memory<Budget>("limits", { sizeOf: () => 64 });

/** The caller's budget, to take from. */
export function budgetOf(key: string, policy: LimitPolicy, now: number): Budget {
  const known = peekBudget(key, policy, now);
  if (known) return known;
  const budget = fullBudget(policy, now);
  budgets.set(key, budget);
  return budget;
}

/** The budget of a caller who has been here lately. */
export function peekBudget(key: string, policy: LimitPolicy, now: number): Budget | undefined {
  const known = budgets.get(key);
  // One that runs longer than any can was made before the clock was set back.
  const runs = known !== undefined && known.until - now <= 2 * policy.windowSeconds * 1_000;
  return runs && now < known.until ? known : undefined;
}

/** The most a limit can allow from now on: a bucket may be filled once more before a window is over. */
function fullBudget({ algorithm, limit, windowSeconds }: LimitPolicy, now: number): Budget {
  const window = windowSeconds * 1_000;
  if (algorithm === "token-bucket") return { until: now + window, left: 2 * limit };
  return { until: (Math.floor(now / window) + 1) * window, left: limit };
}

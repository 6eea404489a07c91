// What this isolate knows of a limit without asking Redis: who is over it until when, and how often it has
// asked already. Redis is never asked more often than the limit allows, however many come at once.
import { LRUCache } from "lru-cache";
import type { LimitPolicy } from "./protection.ts";

/** What is left of a caller's limit, as far as this isolate can know. */
export interface Budget {
  /** Until when this holds, in milliseconds. */
  until: number;
  /** How many more attempts could possibly be allowed until then. */
  left: number;
}

const budgets = new LRUCache<string, Budget>({ max: 100_000 });

/** The caller's budget, for the limits stage to take from. */
export function budgetOf(key: string, policy: LimitPolicy, now: number): Budget {
  const known = budgets.get(key);
  if (known && now < known.until) return known;
  const budget = fullBudget(policy, now);
  budgets.set(key, budget);
  return budget;
}

/** The most a limit can allow from now on: a bucket may be filled once more before a window is over. */
function fullBudget({ algorithm, limit, windowSeconds }: LimitPolicy, now: number): Budget {
  const window = windowSeconds * 1_000;
  if (algorithm === "token-bucket") return { until: now + window, left: 2 * limit };
  return { until: (Math.floor(now / window) + 1) * window, left: limit };
}

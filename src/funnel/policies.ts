// Which rate limits apply to a request, their budgets in this isolate, and the response headers that describe them.
import { type LimitPolicy, type PolicyName, protectionOf } from "../catalog/protection.ts";
import { switchesNow } from "../catalog/snapshot.ts";
import type { Attempt, Identified } from "./attempt.ts";
import { type Budget, budgetOf, peekBudget } from "./budget.ts";
import { limitedBlock } from "./caller.ts";

type Policies = Readonly<{ ip?: LimitPolicy; user: LimitPolicy }>;

/** The limit for reading orders. Generous, because a page polls every few seconds. */
const READING: Policies = {
  user: { algorithm: "fixed-window", limit: 600, windowSeconds: 60 },
};

/** One limit as it applies to one caller. */
export interface Limit {
  name: PolicyName;
  policy: LimitPolicy;
  /** Prefix of its keys in Redis. Contains the policy, so a changed policy starts counting from zero. */
  prefix: string;
  /** The user id or address block that is counted. */
  who: string;
  budget: Budget;
}

function policiesOf({ route, entry }: Attempt): Policies {
  if (route === "read") return READING;
  const policies = protectionOf(entry?.sale ?? {}).limits[route];
  const factor = switchesNow(entry && { sale: entry.sale.id }).limits?.value;
  return factor === undefined ? policies : scaled(policies, factor);
}

const scaledBy = new WeakMap<Policies, Map<number, Policies>>();

/** The policies with their limits multiplied by an operator's factor. The same object each time. */
function scaled(policies: Policies, factor: number): Policies {
  const known = scaledBy.get(policies) ?? new Map<number, Policies>();
  scaledBy.set(policies, known);
  const found = known.get(factor);
  if (found) return found;
  const made = Object.fromEntries(
    Object.entries(policies).map(([name, policy]) => [
      name,
      { ...policy, limit: Math.max(1, Math.round(policy.limit * factor)) },
    ]),
  ) as Policies;
  known.set(factor, made);
  return made;
}

interface Described {
  /** The value of `RateLimit-Policy`. */
  header: string;
  /** Each policy as part of a Redis key. */
  names: Partial<Record<PolicyName, string>>;
}

const described = new WeakMap<Policies, Described>();

/** Cached per set of policies, which many requests share. */
function describe(policies: Policies): Described {
  const known = described.get(policies);
  if (known) return known;
  const entries = Object.entries(policies);
  const made = {
    header: entries
      .map(([name, { limit, windowSeconds }]) => `"${name}";q=${limit};w=${windowSeconds}`)
      .join(", "),
    names: Object.fromEntries(
      entries.map(([name, { algorithm, limit, windowSeconds }]) => [
        name,
        [name, algorithm, limit, windowSeconds].join(":"),
      ]),
    ),
  };
  described.set(policies, made);
  return made;
}

const prefixOf = ({ route, entry }: Attempt, policyName: string | undefined): string =>
  `${entry?.sale.id ?? "-"}:${route}:${policyName}`;

/** The named limit of the attempt's route, with the caller's budget in this isolate. */
export function limitOf(attempt: Identified, name: PolicyName): Limit {
  const policies = policiesOf(attempt);
  const policy = policies[name] as LimitPolicy;
  const prefix = prefixOf(attempt, describe(policies).names[name]);
  const who = name === "ip" ? limitedBlock(attempt) : attempt.userId;
  return { name, policy, prefix, who, budget: budgetOf(`${prefix}:${who}`, policy, Date.now()) };
}

export const secondsUntil = (time: number): number =>
  Math.max(1, Math.ceil((time - Date.now()) / 1_000));

/** The state of the user's own limit from memory, for a response sent before the limit is counted. */
function fromMemory(attempt: Attempt, policy: LimitPolicy, policyName: string | undefined) {
  const full = { name: "user", remaining: policy.limit, resetSeconds: policy.windowSeconds };
  if (attempt.userId === undefined) return full;
  const known = peekBudget(
    `${prefixOf(attempt, policyName)}:${attempt.userId}`,
    policy,
    Date.now(),
  );
  if (!known) return full;
  const remaining = Math.min(known.left, policy.limit);
  return { name: "user", remaining, resetSeconds: secondsUntil(known.until) };
}

/**
 * Sets the headers of draft-ietf-httpapi-ratelimit-headers and the older `X-RateLimit-*` (reset as Unix seconds) for
 * the limit with the smallest share left. Before anything is counted, they describe the user's limit from memory.
 */
export function describeLimit(attempt: Attempt, headers: Headers): void {
  const policies = policiesOf(attempt);
  const { header, names } = describe(policies);
  const user = policies.user as LimitPolicy;
  const { name, remaining, resetSeconds } =
    attempt.tightest ?? fromMemory(attempt, user, names.user);
  const { limit } = policies[name as PolicyName] ?? user;
  headers.set("RateLimit-Policy", header);
  headers.set("RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`);
  headers.set("X-RateLimit-Limit", String(limit));
  headers.set("X-RateLimit-Remaining", String(remaining));
  headers.set("X-RateLimit-Reset", String(Math.ceil(Date.now() / 1_000) + resetSeconds));
}

// Which limits apply to a request, what this isolate knows about them, and the headers that say so.
import { type LimitPolicy, type PolicyName, protectionOf } from "../catalog/protection.ts";
import type { Attempt, Identified } from "./attempt.ts";
import { type Budget, budgetOf, peekBudget } from "./budget.ts";
import { addressBlock } from "./caller.ts";

type Policies = Readonly<{ ip?: LimitPolicy; user: LimitPolicy }>;

/** Reading orders: a page polls every few seconds. */
const READING: Policies = {
  user: { algorithm: "fixed-window", limit: 600, windowSeconds: 60 },
};

/** One limit as it applies to one caller. */
export interface Limit {
  name: PolicyName;
  policy: LimitPolicy;
  /** Its name in Redis. A changed policy starts counting from zero. */
  prefix: string;
  who: string;
  budget: Budget;
}

const policiesOf = ({ route, entry }: Attempt): Policies =>
  route === "read" ? READING : protectionOf(entry?.sale ?? {}).limits[route];

interface Described {
  /** The value of `RateLimit-Policy`. */
  header: string;
  /** Each policy in key names. */
  names: Partial<Record<PolicyName, string>>;
}

const described = new WeakMap<Policies, Described>();

/** Made once for all requests that the same policies apply to. */
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

/** A limit of the attempt's route, with what this isolate knows about it. */
export function limitOf(attempt: Identified, name: PolicyName): Limit {
  const policies = policiesOf(attempt);
  const policy = policies[name] as LimitPolicy;
  const prefix = prefixOf(attempt, describe(policies).names[name]);
  const who = name === "ip" ? addressBlock(attempt.c) : attempt.userId;
  return { name, policy, prefix, who, budget: budgetOf(`${prefix}:${who}`, policy, Date.now()) };
}

export const secondsUntil = (time: number): number =>
  Math.max(1, Math.ceil((time - Date.now()) / 1_000));

/** What is known about the user's own limit, for an answer that came before it was counted. */
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
 * Sets the headers of draft-ietf-httpapi-ratelimit-headers, and the older `X-RateLimit-*` (reset as Unix
 * seconds), for the policy that is closest to its end. Before anything is counted, they say what the edge knows.
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

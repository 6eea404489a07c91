// Deny and allow rules: by address or CIDR, user, ASN and country. Kept in Redis, read at the edge from a
// shared snapshot; an allow rule always wins.
import ipaddr from "ipaddr.js";
import * as z from "zod";
import {
  BACKGROUND_LIMIT_MS,
  INTERACTIVE_LIMIT_MS,
  type RedisConfig,
  withRedis,
} from "../redis/client.ts";
import { RULES_KEY } from "../redis/keys.ts";
import { type Reader, SharedValue } from "../shared-value.ts";

export const RULE_KINDS = ["ip", "user", "asn", "country"] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

export const ruleSchema = z.object({
  effect: z.enum(["deny", "allow"]),
  kind: z.enum(RULE_KINDS),
  value: z.string(),
  by: z.enum(["operator", "automatic"]),
  addedAt: z.string(),
  /** Absent: until it is lifted. */
  expiresAt: z.string().exactOptional(),
  note: z.string().exactOptional(),
  /** Why an automatic block was made: counts, no addresses. */
  evidence: z.record(z.string(), z.union([z.string(), z.number()])).exactOptional(),
});

export type Rule = z.output<typeof ruleSchema>;

/** What rules look at. `address` is undefined when the caller's cannot be parsed. */
export interface Caller {
  address?: ipaddr.IPv4 | ipaddr.IPv6 | undefined;
  asn?: string | undefined;
  country?: string | undefined;
  userId?: string | undefined;
}

/** Checks a rule's value and gives it its one spelling; undefined when it is no such value. */
export function normaliseValue(kind: RuleKind, value: string): string | undefined {
  switch (kind) {
    case "ip": {
      const cidr = value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`;
      return ipaddr.isValidCIDR(cidr) ? cidr.toLowerCase() : undefined;
    }
    case "asn":
      return /^\d{1,10}$/.test(value) ? String(Number(value)) : undefined;
    case "country":
      return /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : undefined;
    case "user":
      return value.length > 0 && value.length <= 128 && value.isWellFormed() ? value : undefined;
  }
}

/** Rules, ready to be asked. */
export class RuleBook {
  readonly rules: readonly Rule[];
  readonly #exact = new Map<string, Rule[]>();
  readonly #networks: { rule: Rule; range: ReturnType<typeof ipaddr.parseCIDR> }[] = [];

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    for (const rule of rules) {
      if (rule.kind === "ip") this.#networks.push({ rule, range: ipaddr.parseCIDR(rule.value) });
      else {
        const key = `${rule.kind}:${rule.value}`;
        this.#exact.set(key, [...(this.#exact.get(key) ?? []), rule]);
      }
    }
  }

  /** Whether the caller is denied now. */
  denies(caller: Caller, now: number): boolean {
    let denied = false;
    for (const rule of this.#matching(caller)) {
      if (rule.expiresAt !== undefined && Date.parse(rule.expiresAt) <= now) continue;
      if (rule.effect === "allow") return false;
      denied = true;
    }
    return denied;
  }

  *#matching({ address, asn, country, userId }: Caller): Generator<Rule> {
    for (const [kind, value] of Object.entries({ asn, country, user: userId })) {
      if (value !== undefined) yield* this.#exact.get(`${kind}:${value}`) ?? [];
    }
    if (!address) return;
    for (const { rule, range } of this.#networks) {
      if (address.kind() === range[0].kind() && address.match(range)) yield rule;
    }
  }
}

const EMPTY = new RuleBook([]);

const book = new SharedValue<string[], RuleBook>({
  name: "rules",
  freshMs: 2_500,
  revalidateMs: 4_500,
  staleMs: 3_600_000,
  load: async (c) => {
    const flat = await withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, (r) => r.hvals(RULES_KEY));
    return flat as string[];
  },
  build: (texts) => new RuleBook(parseRules(texts)),
});

/** The rules for one request. While they were never read and Redis is down, there are none. */
export async function readRules(c: Reader): Promise<RuleBook> {
  return (await book.read(c).catch(() => undefined))?.value ?? EMPTY;
}

function parseRules(texts: string[]): Rule[] {
  return texts.flatMap((text) => {
    const rule = ruleSchema.safeParse(JSON.parse(text));
    return rule.success && normaliseValue(rule.data.kind, rule.data.value) ? [rule.data] : [];
  });
}

const fieldOf = ({ effect, kind, value }: Pick<Rule, "effect" | "kind" | "value">) =>
  `${effect}:${kind}:${value}`;

/** Adds or replaces a rule: at once in this isolate, within 5 s everywhere. */
export async function addRule(config: RedisConfig, rule: Rule): Promise<void> {
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis) =>
    redis.hset(RULES_KEY, { [fieldOf(rule)]: JSON.stringify(rule) }),
  );
  book.drop();
}

/** Lifts a rule; false when there was none. */
export async function removeRule(
  config: RedisConfig,
  rule: Pick<Rule, "effect" | "kind" | "value">,
): Promise<boolean> {
  const removed = await withRedis(config, BACKGROUND_LIMIT_MS, (redis) =>
    redis.hdel(RULES_KEY, fieldOf(rule)),
  );
  book.drop();
  return removed > 0;
}

/** All rules as Redis has them; those that have expired are removed on the way. */
export async function listRules(config: RedisConfig): Promise<Rule[]> {
  return withRedis(config, BACKGROUND_LIMIT_MS, async (redis) => {
    const rules = parseRules((await redis.hvals(RULES_KEY)) as string[]);
    const now = Date.now();
    const over = rules.filter(({ expiresAt }) => expiresAt && Date.parse(expiresAt) <= now);
    if (over.length > 0) await redis.hdel(RULES_KEY, ...over.map(fieldOf));
    return rules.filter((rule) => !over.includes(rule));
  });
}

// Where deny and allow rules are kept: in Redis, read at the edge from a shared snapshot.
import { count } from "../observability/metrics.ts";
import {
  BACKGROUND_LIMIT_MS,
  INTERACTIVE_LIMIT_MS,
  type RedisConfig,
  withRedis,
} from "../redis/client.ts";
import { RULES_KEY } from "../redis/keys.ts";
import { type Reader, SharedValue } from "../shared-value.ts";
import { isOver, parseRules, type Rule, RuleBook } from "./rule-book.ts";

/** Beyond so many rules, half a megabyte for each edge to read, machines add no more. */
const MAX_RULES = 2_000;

const book = new SharedValue<string[], RuleBook>({
  name: "rules",
  freshMs: 2_500,
  revalidateMs: 4_500,
  staleMs: 3_600_000,
  load: (c) =>
    withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, async (redis) => {
      return (await redis.hvals(RULES_KEY)) as string[];
    }),
  build: (texts) => new RuleBook(parseRules(texts)),
  // Never read and Redis is down: nobody is denied, rather than everybody.
  fallback: async () => [],
});

/** The rules for one request. */
export async function readRules(c: Reader): Promise<RuleBook> {
  return (await book.read(c)).value;
}

type RuleName = Pick<Rule, "effect" | "kind" | "value">;

/** Field in Redis. Automatic blocks have their own, so that none shortens what an operator decided. */
const fieldOf = ({ effect, kind, value, by }: RuleName & Pick<Rule, "by">) =>
  `${by === "automatic" ? by : effect}:${kind}:${value}`;

/** Adds or replaces a rule: at once in this isolate, within 5 s everywhere. */
export async function addRule(config: RedisConfig, rule: Rule): Promise<void> {
  await writeRule(config, rule);
  book.drop();
}

/**
 * Blocks a user for a while, within 5 s. Every edge reads all rules, so there is an end to what machines
 * may add: beyond it the limits go on refusing.
 */
export async function addAutomaticBlock(
  c: Reader,
  userId: string,
  seconds: number,
  evidence: NonNullable<Rule["evidence"]>,
): Promise<void> {
  if ((await readRules(c)).rules.length >= MAX_RULES) {
    count("deny_list_full");
    return;
  }
  const now = Date.now();
  await writeRule(c.get("config"), {
    effect: "deny",
    kind: "user",
    value: userId,
    by: "automatic",
    addedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + seconds * 1_000).toISOString(),
    evidence,
  });
}

async function writeRule(config: RedisConfig, rule: Rule): Promise<void> {
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis) =>
    redis.hset(RULES_KEY, { [fieldOf(rule)]: JSON.stringify(rule) }),
  );
}

/** Lifts a rule, whoever made it; false when there was none. */
export async function removeRule(config: RedisConfig, rule: RuleName): Promise<boolean> {
  const fields = [fieldOf({ ...rule, by: "operator" })];
  if (rule.effect === "deny") fields.push(fieldOf({ ...rule, by: "automatic" }));
  const removed = await withRedis(config, BACKGROUND_LIMIT_MS, (redis) =>
    redis.hdel(RULES_KEY, ...fields),
  );
  book.drop();
  return removed > 0;
}

/** All rules as Redis has them, without those that have expired. */
export async function listRules(config: RedisConfig): Promise<Rule[]> {
  const now = Date.now();
  return (await loadRules(config)).filter((rule) => !isOver(rule, now));
}

/** Removes the rules that have expired. They mean nothing any more, but every edge reads them. */
export async function sweepRules(config: RedisConfig): Promise<void> {
  const now = Date.now();
  const over = (await loadRules(config)).filter((rule) => isOver(rule, now));
  if (over.length === 0) return;
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis) =>
    redis.hdel(RULES_KEY, ...over.map(fieldOf)),
  );
}

const loadRules = (config: RedisConfig): Promise<Rule[]> =>
  withRedis(config, BACKGROUND_LIMIT_MS, async (redis) =>
    parseRules((await redis.hvals(RULES_KEY)) as string[]),
  );

// The deny and allow rules as the edge reads them: a shared snapshot, as old as the catalog.
import { forgetPolls, poll, pollAlong } from "../catalog/poll.ts";
import { CURRENT_MS, rhythm } from "../catalog/snapshot.ts";
import type { CatalogScope, RegistryEnv } from "../catalog/store.ts";
import { readColo, writeColo } from "../edge/colo.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import { RULES_FIELD } from "../redis/keys.ts";
import { type RuleTexts, readCopiedRules, saveAutomaticBlock } from "./rule-copy.ts";
import { parseRule, type Rule, RuleSet } from "./rule-set.ts";
import {
  deleteRule,
  type RuleName,
  readRegisteredRules,
  reconcileRules,
  saveRule,
} from "./rule-store.ts";

/** The rules, and the version of the operator's rules among them. `mark`: where and in which state they were read. */
interface VersionedRules {
  mark: string;
  version: number;
  rules: RuleSet;
}

/** Version of the last change made in this isolate that no read has returned yet. Redis may have missed the change. */
let awaitedVersion = 0;

/** The last rules that this isolate built. What isolates share all the time is only their mark. */
let latest: VersionedRules | undefined;

const shared: SwrCache<string, VersionedRules, CatalogScope> = new SwrCache({
  name: "rules",
  freshMs: (now) => rhythm(now).freshMs,
  revalidateMs: (now) => rhythm(now).revalidateMs,
  staleMs: 3_600_000,
  load: async (scope) => {
    const least = awaitedVersion;
    const [mark] = await poll(scope, [RULES_FIELD]);
    const isKnown = mark && latest?.mark === mark && latest.version >= least;
    const read = isKnown ? mark : await readCopy(scope, mark ?? undefined, least);
    if (awaitedVersion === least) awaitedVersion = 0;
    return read;
  },
  // The same object while nothing changed: nothing is parsed again.
  build: (mark, scope) => (latest?.mark === mark ? latest : loadRules(scope, mark)),
  // The registry has no automatic blocks, so those held in memory stay in force.
  fallback: (scope, held) => fromRegistry(scope, held?.rules.rules.filter(isAutomatic) ?? []),
});

// Another reading of the mark counts as one of this cache if nothing has changed. Otherwise this one is due soon.
pollAlong(() => {
  const take = shared.expect();
  const [held, least] = [latest, awaitedVersion];
  return [
    {
      fields: [RULES_FIELD],
      take(scope, [mark], readAt) {
        if (mark && mark === held?.mark && held.version >= least) take(scope, mark, readAt);
      },
    },
  ];
});

/**
 * Reads the copy in Redis with this mark, or the registry's rules if that lacks something. Returns the mark of what was read.
 *
 * @param least the version of the operator's rules that the copy must have
 */
async function readCopy(
  scope: CatalogScope,
  mark: string | undefined,
  least: number,
): Promise<string> {
  const copied = await withRedis(scope.config, "redis", readCopiedRules);
  // Without a mark Redis was emptied.
  if (!copied || !mark) return restore(scope, []);
  const rules = parseRules(copied);
  const bad = copied.texts.length - rules.length;
  if (bad > 0) log("redis.bad_value", { step: "rules", count: bad });
  // Redis is older than a change made here or read from the registry: it missed the change while it was down.
  const isBehind =
    copied.version > 0 && copied.version < Math.max(least, shared.last?.version ?? 0);
  if (bad > 0 || isBehind) return restore(scope, rules.filter(isAutomatic));
  return adopt(scope, mark, copied);
}

/** The rules with a mark that another isolate found, or newer ones. */
async function loadRules(scope: CatalogScope, mark: string): Promise<VersionedRules> {
  const copy = (await readColo(scope.config, documentName(mark))) as RuleTexts | undefined;
  if (copy) latest = built(mark, copy);
  else if (mark.startsWith(REGISTERED)) await fromRegistry(scope, []);
  else await readCopy(scope, mark, 0);
  return latest as VersionedRules;
}

/** Marks rules that were read from the registry, with their version. */
const REGISTERED = "registered/";

async function fromRegistry(scope: CatalogScope, automatics: readonly Rule[]): Promise<string> {
  const texts = await readRegisteredRules(scope.env, automatics);
  return adopt(scope, `${REGISTERED}${texts.version}`, texts);
}

const DOCUMENT_AGE_MS = 3_600_000;
const documentName = (mark: string): string => `rules/${mark}`;

function adopt(scope: CatalogScope, mark: string, texts: RuleTexts): string {
  latest = built(mark, texts);
  scope.waitUntil(writeColo(scope.config, documentName(mark), texts, DOCUMENT_AGE_MS));
  return mark;
}

const built = (mark: string, texts: RuleTexts): VersionedRules => ({
  mark,
  version: texts.version,
  rules: new RuleSet(parseRules(texts)),
});

const parseRules = ({ texts }: RuleTexts): Rule[] => texts.flatMap((text) => parseRule(text) ?? []);
const isAutomatic = ({ by }: Rule): boolean => by === "automatic";

/** Returns the registry's rules, and copies them to Redis, which lost its rules, missed a change, or has bad values. */
function restore(scope: CatalogScope, automatics: Rule[]): Promise<string> {
  scope.waitUntil(
    reconcileRules(scope.env, scope.config).catch((error) =>
      log("rules.restore_failed", { cause: causeOf(error) }),
    ),
  );
  return fromRegistry(scope, automatics);
}

/** The rules for one request. Current even while nothing is on: whoever asks wants to buy, or operates. */
export const readRules = async (scope: CatalogScope): Promise<RuleSet> =>
  (await shared.read(scope, { maxAgeMs: CURRENT_MS })).value.rules;

/** This isolate reads the rules at once, with a change of this version. */
function changed(version: number): void {
  awaitedVersion = version;
  shared.drop();
  forgetPolls();
}

/**
 * Adds or replaces a rule. It applies in this isolate at once.
 *
 * @returns whether the rule reaches all edges within five seconds
 */
export async function addRule(env: RegistryEnv, config: RedisConfig, rule: Rule): Promise<boolean> {
  const { version, copied } = await saveRule(env, config, rule);
  changed(version);
  return copied;
}

/**
 * Removes a rule of the operator and an automatic block of the same name.
 *
 * @returns `lifted`: whether there was one; `copied`: whether the removal reaches all edges within five seconds
 */
export async function removeRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<{ lifted: boolean; copied: boolean }> {
  const result = await deleteRule(env, config, name);
  changed(result.version);
  return result;
}

/** Blocks a user on all edges within five seconds. With too many rules it does nothing; the limits still refuse. */
export async function addAutomaticBlock(
  config: RedisConfig,
  userId: string,
  seconds: number,
  evidence: NonNullable<Rule["evidence"]>,
): Promise<void> {
  const now = Date.now();
  const isSaved = await saveAutomaticBlock(config, {
    effect: "deny",
    kind: "user",
    value: userId,
    by: "automatic",
    addedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + seconds * 1_000).toISOString(),
    evidence,
  });
  if (!isSaved) count("deny_list_full");
}

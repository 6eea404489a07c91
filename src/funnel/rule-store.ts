// Stores deny and allow rules. The registry has the operator's rules, and edges read a copy in Redis. Automatic blocks,
// which expire, are in Redis only.
import type { Redis } from "@upstash/redis/cloudflare";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import type { RedisConfig } from "../redis/client.ts";
import { reachesEdges } from "../redis/copy.ts";
import type { Keys } from "../redis/keys.ts";
import {
  automaticField,
  correctCopy,
  inBackground,
  isAutomaticField,
  type RuleTexts,
  readCopy,
  VERSION_FIELD,
  writeChange,
} from "./rule-copy.ts";
import { isExpired, parseRule, type Rule } from "./rule-set.ts";

export type RuleName = Pick<Rule, "effect" | "kind" | "value">;

const operatorField = ({ effect, kind, value }: RuleName): string => `${effect}:${kind}:${value}`;
/**
 * Stores an operator's rule, new or changed.
 *
 * @returns the new version of the rules, and whether the change reaches the edges within seconds
 */
export async function saveRule(
  env: RegistryEnv,
  config: RedisConfig,
  rule: Rule,
): Promise<{ version: number; copied: boolean }> {
  const [field, text] = [operatorField(rule), JSON.stringify(rule)];
  const version = await registryOf(env).putRule(field, text);
  const copied = await reachesEdges(config, (redis, keys) =>
    copyChange({ env, config, redis, keys }, version, [field, text]),
  );
  return { version, copied };
}

interface Copying {
  env: RegistryEnv;
  config: RedisConfig;
  redis: Redis;
  keys: Keys;
}

/**
 * Copies one change to Redis. If a newer change got there first, this one may have overwritten it, so all rules of the
 * registry are copied again.
 *
 * @returns the number of removed fields
 */
async function copyChange(
  { env, config, redis, keys }: Copying,
  version: number,
  written: [field: string, text: string] | undefined,
  removed: string[] = [],
): Promise<number> {
  const [removedCount, before] = await writeChange(redis, keys, version, written, removed);
  if (before > version) await reconcileRules(env, config);
  return removedCount;
}

/**
 * Removes an operator's rule and, for a deny rule, the automatic block of the same name.
 *
 * @returns whether there was one, the new version of the rules, and whether the change reaches the edges within
 *   seconds
 * @throws if there is no operator's rule, and Redis does not answer whether there is an automatic block
 */
export async function deleteRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<{ lifted: boolean; version: number; copied: boolean }> {
  const { removed, version } = await registryOf(env).removeRule(operatorField(name));
  const fields = [operatorField(name), ...(name.effect === "deny" ? [automaticField(name)] : [])];
  const removeCopies = (redis: Redis, keys: Keys) =>
    copyChange({ env, config, redis, keys }, version, undefined, fields);
  if (removed) return { lifted: true, version, copied: await reachesEdges(config, removeCopies) };
  return { lifted: (await inBackground(config, removeCopies)) > 0, version, copied: true };
}

/** All rules in force. `incomplete` while Redis is down: automatic blocks may be missing. */
export async function listRules(
  env: RegistryEnv,
  config: RedisConfig,
): Promise<{ rules: Rule[]; incomplete?: true }> {
  const now = Date.now();
  const [registered, copied] = await Promise.all([
    registryOf(env).rules(),
    readCopy(config).catch(() => undefined),
  ]);
  const automatics = [...(copied ?? [])].filter(([name]) => isAutomaticField(name));
  const texts = [
    ...registered.rules.map(({ text }) => text),
    ...automatics.map(([, text]) => text),
  ];
  const rules = texts.flatMap((text) => {
    const rule = parseRule(text);
    return rule && !isExpired(rule, now) ? [rule] : [];
  });
  return { rules, ...(copied ? {} : { incomplete: true }) };
}

/** The registry's rules, and the given automatic blocks, which only Redis stores. */
export async function readRegisteredRules(
  env: RegistryEnv,
  automatics: readonly Rule[],
): Promise<RuleTexts> {
  const { version, rules } = await registryOf(env).rules();
  const kept = automatics.map((rule) => JSON.stringify(rule));
  return { version, texts: [...rules.map(({ text }) => text), ...kept] };
}

/** Makes the copy in Redis match the registry, and removes expired rules from both. */
export async function reconcileRules(env: RegistryEnv, config: RedisConfig): Promise<void> {
  const now = Date.now();
  // The copy is read first, so a rule only in the copy was removed from the registry, not added just now.
  const copied = await readCopy(config);
  const { version, rules: registered } = await registryOf(env).rules();
  const isInForce = (text: string) => {
    const rule = parseRule(text);
    return rule !== undefined && !isExpired(rule, now);
  };
  const expired = registered.filter(({ text }) => !isInForce(text));
  await registryOf(env).removeRules(expired);
  const wanted = new Map(
    registered.filter((rule) => !expired.includes(rule)).map((r) => [r.name, r.text]),
  );
  const missing = [...wanted, [VERSION_FIELD, String(version)] as const].filter(
    ([name, text]) => copied.get(name) !== text,
  );
  const stale = [...copied].filter(
    ([name, text]) =>
      name !== VERSION_FIELD && (isAutomaticField(name) ? !isInForce(text) : !wanted.has(name)),
  );
  await correctCopy(config, missing, stale);
}

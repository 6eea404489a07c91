// The operator's command on switches: the registry decides, then every edge learns of it with the catalog.
import { refuse } from "../http/errors.ts";
import type { RedisConfig } from "../redis/client.ts";
import { NOT_COPIED } from "../redis/copy.ts";
import type { SwitchChange } from "./decide-switches.ts";
import type { Precondition } from "./precondition.ts";
import { publishToEdges } from "./propagation.ts";
import type { SwitchResult } from "./registry-types.ts";
import { invalid, refused } from "./sale-result.ts";
import { type RegistryEnv, registryOf } from "./store.ts";

export type SwitchesChanged = Extract<SwitchResult, { ok: true }> | ReturnType<typeof refused>;

/**
 * Sets switches, all or none. Succeeds once no edge reads the previous state from Redis.
 *
 * @param options.dryRun only says what would change
 */
export async function changeSwitches(
  env: RegistryEnv,
  config: RedisConfig,
  change: SwitchChange,
  condition: Precondition,
  options: { dryRun: boolean },
): Promise<SwitchesChanged> {
  const result: SwitchResult = await registryOf(env).setSwitches(change, condition, options);
  if (!result.ok) return refusedChange(change, result);
  // Also if nothing changed: an earlier request may have been interrupted.
  if (options.dryRun || (await publishToEdges(env, config))) return result;
  return refused(refuse("unavailable", { detail: NOT_COPIED, retryAfterSeconds: 60 }));
}

function refusedChange(
  { settings }: SwitchChange,
  result: Extract<SwitchResult, { ok: false }>,
): ReturnType<typeof refused> {
  switch (result.reason) {
    case "precondition_failed":
      return refused(refuse(result.reason));
    case "too_many":
      return invalid("switches", "too many switches are set: turn some off first");
    case "not_found": {
      const field = settings[result.index]?.sku === undefined ? "sale" : "sku";
      return invalid(`switches.${result.index}.${field}`, "does not exist");
    }
  }
}

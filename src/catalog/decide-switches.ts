// Applies an operator's change to the switches. Pure: switches + change + now → switches.
import { isInForce, type RegisteredSwitch, type Switch, type SwitchTarget } from "./switches.ts";

/** One switch as an operator sets it. The default value removes it. */
export interface SwitchSetting extends SwitchTarget {
  name: Switch["name"];
  value: boolean | "as-set" | "off" | "everyone" | number;
  /** Milliseconds. */
  until?: number;
  notice?: string;
}

export interface SwitchChange {
  settings: SwitchSetting[];
  reason: string;
  by: string;
}

/** One switch before and after a change. Null stands for its default. */
export interface SwitchEdit extends SwitchTarget {
  name: Switch["name"];
  before: RegisteredSwitch | null;
  after: RegisteredSwitch | null;
}

/** The values under which nothing is stored. */
const DEFAULTS: ReadonlySet<SwitchSetting["value"]> = new Set([false, "as-set", 1]);

export const isDefault = ({ value }: Pick<SwitchSetting, "value">): boolean => DEFAULTS.has(value);

/** Identifies a switch: its name and what it is about. */
export const switchKey = ({ name, sale, sku }: SwitchTarget & { name: string }): string =>
  `${name}/${sale === undefined ? "" : `sale/${sale}`}${sku === undefined ? "" : `sku/${sku}`}`;

/** Whether a setting asks for what is in force already. Who set it and why does not change then. */
const isSame = (current: RegisteredSwitch, setting: SwitchSetting): boolean =>
  current.value === setting.value &&
  current.until === setting.until &&
  current.notice === setting.notice;

/**
 * Applies a change. Repeating it changes nothing.
 *
 * @param current the registered switches; those that have ended count as unset
 * @returns all switches afterwards, and what changed
 */
export function decideSwitches(
  current: readonly RegisteredSwitch[],
  { settings, reason, by }: SwitchChange,
  now: number,
): { switches: RegisteredSwitch[]; edits: SwitchEdit[] } {
  const next = new Map(
    current.filter((each) => isInForce(each, now)).map((each) => [switchKey(each), each]),
  );
  const edits: SwitchEdit[] = [];
  for (const setting of settings) {
    const key = switchKey(setting);
    const before = next.get(key) ?? null;
    const after = isDefault(setting)
      ? null
      : ({ ...setting, since: now, reason, by } as RegisteredSwitch);
    if (before && after ? isSame(before, setting) : before === after) continue;
    if (after) next.set(key, after);
    else next.delete(key);
    const { name, sale, sku } = setting;
    edits.push({ name, ...(sale && { sale }), ...(sku && { sku }), before, after });
  }
  return { switches: [...next.values()], edits };
}

// Reads a draw document that anyone may have written. By hand, because a schema library is large in a browser.
import type { Chain, DrawDocument } from "./draw.ts";

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isTime = (value: unknown): boolean => isText(value) && isNumber(Date.parse(value as string));
const hexOf = (bytes: number) => {
  const pattern = new RegExp(`^[0-9a-f]{${2 * bytes}}$`);
  return (value: unknown): boolean => typeof value === "string" && pattern.test(value);
};
const isStep = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length === 2 &&
  Number.isSafeInteger(value[0]) &&
  isNumber(value[1]);
const isHistory = (value: unknown): boolean => Array.isArray(value) && value.every(isStep);

type Rules = Record<string, (value: unknown) => boolean>;

const CHAIN: Record<keyof Chain, Rules[string]> = {
  hash: hexOf(32),
  publicKey: hexOf(96),
  genesisTime: isCount,
  period: isCount,
};
const COMMITTED: Rules = {
  saleId: isText,
  mode: (value) => value === "queue" || value === "draw",
  commitment: hexOf(32),
  round: isCount,
  chain: (value) => isObject(value) && faultIn(value, CHAIN) === undefined,
  registrationClosesAt: isTime,
  revealed: (value) => typeof value === "boolean",
};
const REVEALED: Rules = {
  seed: hexOf(32),
  randomness: hexOf(32),
  signature: hexOf(48),
  history: isHistory,
  historyHash: hexOf(32),
};

const faultIn = (fields: Fields, rules: Rules): string | undefined =>
  Object.keys(rules).find((name) => !rules[name]?.(fields[name]));

/** The document, or what is wrong with it. */
export function parseDraw(value: unknown): DrawDocument | string {
  if (!isObject(value)) return "it is not an object";
  const rules = value.revealed === true ? { ...COMMITTED, ...REVEALED } : COMMITTED;
  const fault = faultIn(value, rules);
  return fault === undefined
    ? (value as unknown as DrawDocument)
    : `"${fault}" is missing or wrong`;
}

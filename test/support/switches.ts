// Sets the operator's switches in tests, and resets them.
import { vi } from "vitest";
import { type Answer, admin } from "./http.ts";

export interface Shown {
  switches: {
    name: string;
    sale?: string;
    sku?: string;
    value: unknown;
    [field: string]: unknown;
  }[];
  automatic: { name: string; scope: string; reason: string }[];
  edits: { name: string; before: unknown; after: unknown }[];
  warnings?: string[];
  preview?: true;
  affected?: {
    sales: { id: string; state: string; heldUnits: number }[];
    moreSales: number;
    paymentsInLine: number | null;
  };
}

/** Sends a change of switches. */
export const changeSwitches = (
  switches: unknown,
  { reason = "a test" as unknown, headers = {}, query = "" } = {},
): Promise<Answer<Shown>> =>
  admin<Shown>("PUT", `/switches${query}`, { body: { reason, switches }, headers });

/** Sets switches. @throws if the change is refused */
export async function givenSwitches(...switches: object[]): Promise<Shown> {
  const { status, body } = await changeSwitches(switches);
  if (status !== 200) throw new Error(`the change was refused: ${JSON.stringify(body)}`);
  return body;
}

export const showSwitches = (): Promise<Answer<Shown>> => admin<Shown>("GET", "/switches");

const DEFAULTS: Record<string, unknown> = { challenge: "as-set", limits: 1 };

/** Sets all switches to their defaults, including those that have ended only by the clock of the test. */
export async function noSwitches(): Promise<void> {
  vi.useRealTimers();
  const { switches } = (await showSwitches()).body;
  const off = switches.map(({ name, sale, sku }) => ({
    ...{ name, value: DEFAULTS[name] ?? false },
    ...(sale && { sale }),
    ...(sku && { sku }),
  }));
  if (off.length > 0) await givenSwitches(...off);
}

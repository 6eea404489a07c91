// Watches an instance as a monitor and an operator do: whether it says that it is ready, and which alerts they get.
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../client.ts";
import type { Told } from "./world.ts";

const EVERY_MS = 500;
const LIMIT_MS = 2_000;

/** Milliseconds from the start of a fault until it was noticed. Undefined: it was not, or it does not show there. */
export interface Noticed {
  /** `/readyz` answered something other than 200, or nothing. */
  readyzMs?: number;
  /** The first alert whose notice reached the operator. */
  alert?: { rule: string; ms: number };
}

/** Polls `/readyz` until `ended` aborts. @returns what was noticed since `beganAt` */
export async function watch(
  { url }: Client,
  told: Told,
  beganAt: number,
  ended: AbortSignal,
): Promise<Noticed> {
  let readyzMs: number | undefined;
  while (!ended.aborted) {
    if (readyzMs === undefined && !(await isReady(url))) readyzMs = Date.now() - beganAt;
    await pause(EVERY_MS, undefined, { signal: ended }).catch(() => {});
  }
  const alert = told.alerts.find(({ at }) => at >= beganAt);
  return {
    ...(readyzMs !== undefined && { readyzMs }),
    ...(alert && { alert: { rule: alert.rule, ms: alert.at - beganAt } }),
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(LIMIT_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );

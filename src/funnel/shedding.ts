// Overload: when a SKU's object says it is overloaded or answers too late, this isolate turns away a growing
// share of new attempts for that SKU, and lets them in again as the object recovers.
import { memory } from "../edge/memory.ts";
import { refuse } from "../errors.ts";
import type { Admitted, Observer, Stage } from "./attempt.ts";

/** Slower than this counts as overloaded: the object's queue is seconds long. */
export const SLOW_MS = 3_000;
/** An attempt that waits longer has ended unseen: a canceled request never reports its end. */
const FORGOTTEN_MS = 30_000;
const STEP_UP = 0.1;
const MAX_SHARE = 0.9;
/** The share halves in this time, so it is gone half a minute after the last sign of overload. */
const HALF_LIFE_MS = 4_000;
const MIN_RETRY_SECONDS = 2;
const RETRY_SPREAD_SECONDS = 8;

interface Shed {
  share: number;
  at: number;
}

const sheds = memory<Shed>("overloads", { ttl: 10 * HALF_LIFE_MS, sizeOf: () => 128 });
/** How many waiting attempts are noted for one object. Only the oldest decides, and memory is bounded. */
const MAX_NOTED = 32;
/** When the attempts that wait for an object were sent, the oldest first. */
const waiting = memory<Map<symbol, number>>("waiting", {
  ttl: FORGOTTEN_MS,
  sizeOf: () => 512 + 128 * MAX_NOTED, // it grows in place
});

/** The share of attempts to turn away at `now`. */
export const shareAt = ({ share, at }: Shed, now: number): number =>
  share * 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);

/** Learns from one answer how loaded an object is. */
export function recordLoad(skuId: string, sign: "overloaded" | "fine", now: number): void {
  const known = sheds.get(skuId);
  if (sign === "fine") {
    if (known && shareAt(known, now) < 0.01) sheds.delete(skuId);
    return;
  }
  const share = known ? shareAt(known, now) : 0;
  sheds.set(skuId, { share: Math.min(MAX_SHARE, share + STEP_UP), at: now });
}

/** Notes that an attempt waits for its object, and learns from the answer. */
function observe({ skuId }: Admitted): Observer {
  const askedAt = Date.now();
  const me = Symbol();
  const line = waiting.get(skuId) ?? new Map<symbol, number>();
  if (line.size < MAX_NOTED) waiting.set(skuId, line.set(me, askedAt));
  return (answer) => {
    const now = Date.now();
    const overloaded = !answer.ok && answer.reason === "overloaded";
    line.delete(me);
    if (line.size === 0 && waiting.get(skuId) === line) waiting.delete(skuId);
    recordLoad(skuId, overloaded || now - askedAt > SLOW_MS ? "overloaded" : "fine", now);
  };
}

/** Whether the oldest waiting attempt has waited too long already. */
function isStuck(skuId: string, now: number): boolean {
  for (const [who, askedAt] of waiting.get(skuId) ?? []) {
    if (now - askedAt <= FORGOTTEN_MS) return now - askedAt > SLOW_MS;
    waiting.get(skuId)?.delete(who);
  }
  return false;
}

/** Seconds after which to retry: spread, so that the attempts turned away do not return together. */
export const randomRetrySeconds = (random = Math.random()): number =>
  MIN_RETRY_SECONDS + Math.floor(random * RETRY_SPREAD_SECONDS);

export const shedding: Stage = {
  name: "shedding",
  check({ skuId, now }) {
    if (isStuck(skuId, now)) recordLoad(skuId, "overloaded", now);
    const shed = sheds.get(skuId);
    if (!shed || Math.random() >= shareAt(shed, now)) return undefined;
    return refuse("overloaded", { retryAfterSeconds: randomRetrySeconds() });
  },
  observe,
};

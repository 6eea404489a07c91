// Overload: when a SKU's object says it is overloaded, or takes too long, this isolate turns a growing
// share of new attempts for that SKU away, and lets them in again as it recovers.
import { refuse } from "../errors.ts";
import { memory } from "../memory.ts";
import type { Stage } from "./attempt.ts";

/** Slower than this counts as overloaded: the object's queue is seconds long. */
export const SLOW_MS = 3_000;
/** An attempt that waits longer is gone: a cancelled request never says that it ended. */
const FORGOTTEN_MS = 30_000;
const STEP_UP = 0.1;
const MAX_SHARE = 0.9;
/** The share halves this often, so that it is gone half a minute after the last bad sign. */
const HALF_LIFE_MS = 4_000;
const MIN_RETRY_SECONDS = 2;
const RETRY_SPREAD_SECONDS = 8;

interface Shed {
  share: number;
  at: number;
}

const sheds = memory<Shed>("overloads", { ttl: 10 * HALF_LIFE_MS, sizeOf: () => 128 });
/** Attempts that are noted for one object: only the oldest decides, and a crowd must not fill the memory. */
const MAX_NOTED = 32;
/** When the attempts that wait for an object asked it, the oldest first. */
const waiting = memory<Map<symbol, number>>("waiting", {
  ttl: FORGOTTEN_MS,
  sizeOf: () => 512 + 128 * MAX_NOTED, // it grows in place
});

/** The share of attempts to turn away at `now`. Pure: halves with time. */
export const shareAt = ({ share, at }: Shed, now: number): number =>
  share * 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);

/** What an object's answer says about its load. */
export function noteLoad(skuId: string, sign: "overloaded" | "fine", now: number): void {
  const known = sheds.get(skuId);
  if (sign === "fine") {
    if (known && shareAt(known, now) < 0.01) sheds.delete(skuId);
    return;
  }
  const share = known ? shareAt(known, now) : 0;
  sheds.set(skuId, { share: Math.min(MAX_SHARE, share + STEP_UP), at: now });
}

/** Notes that an attempt asks an object. Call the result with what became of it. */
export function askObject(skuId: string, askedAt: number): (overloaded: boolean) => void {
  const me = Symbol();
  const line = waiting.get(skuId) ?? new Map<symbol, number>();
  if (line.size < MAX_NOTED) waiting.set(skuId, line.set(me, askedAt));
  return (overloaded) => {
    const now = Date.now();
    line.delete(me);
    if (line.size === 0 && waiting.get(skuId) === line) waiting.delete(skuId);
    noteLoad(skuId, overloaded || now - askedAt > SLOW_MS ? "overloaded" : "fine", now);
  };
}

/** Whether somebody has waited too long already, and nobody knows for how long still. */
function isStuck(skuId: string, now: number): boolean {
  for (const [who, askedAt] of waiting.get(skuId) ?? []) {
    if (now - askedAt <= FORGOTTEN_MS) return now - askedAt > SLOW_MS;
    waiting.get(skuId)?.delete(who);
  }
  return false;
}

/** Seconds after which to come back: spread, so that those turned away do not return together. */
export const retryAfter = (random = Math.random()): number =>
  MIN_RETRY_SECONDS + Math.floor(random * RETRY_SPREAD_SECONDS);

export const shedding: Stage = {
  name: "shedding",
  check({ skuId, now }) {
    if (isStuck(skuId, now)) noteLoad(skuId, "overloaded", now);
    const shed = sheds.get(skuId);
    if (!shed || Math.random() >= shareAt(shed, now)) return undefined;
    return refuse("overloaded", { retryAfterSeconds: retryAfter() });
  },
};

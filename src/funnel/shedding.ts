// Load shedding: when a SKU's object is overloaded or slow, this isolate refuses a growing share of new attempts for
// that SKU, and a shrinking share as the object recovers.
import { memory } from "../edge/memory.ts";
import { refuse } from "../errors.ts";
import type { Admitted, Observer, Stage } from "./attempt.ts";
import {
  HALF_LIFE_MS,
  nextShed,
  randomRetrySeconds,
  type Shed,
  SLOW_MS,
  shareAt,
} from "./decide-shed.ts";

/** After this time an attempt no longer counts as waiting. A canceled request never reports its end. */
const ABANDONED_MS = 30_000;

const sheds = memory<Shed>("overloads", { ttl: 10 * HALF_LIFE_MS, sizeOf: () => 128 });
/** Most waiting attempts tracked for one object. Only the oldest one matters, and memory is bounded. */
const MAX_TRACKED = 32;
/** When each waiting attempt of an object was sent, the oldest first. */
const waiting = memory<Map<symbol, number>>("waiting", {
  ttl: ABANDONED_MS,
  sizeOf: () => 512 + 128 * MAX_TRACKED, // it grows in place
});

/** Updates an object's share after one answer. */
export function recordLoad(skuId: string, sign: "overloaded" | "fine", now: number): void {
  const known = sheds.get(skuId);
  const next = nextShed(known, sign, now);
  if (next && next !== known) sheds.set(skuId, next);
  else if (!next) sheds.delete(skuId);
}

/** Tracks an attempt while it waits for its object, and records the object's load after the answer. */
function observe({ skuId }: Admitted): Observer {
  const sentAt = Date.now();
  const id = Symbol();
  const sent = waiting.get(skuId) ?? new Map<symbol, number>();
  if (sent.size < MAX_TRACKED) waiting.set(skuId, sent.set(id, sentAt));
  return (answer) => {
    const now = Date.now();
    const overloaded = !answer.ok && answer.reason === "overloaded";
    sent.delete(id);
    if (sent.size === 0 && waiting.get(skuId) === sent) waiting.delete(skuId);
    recordLoad(skuId, overloaded || now - sentAt > SLOW_MS ? "overloaded" : "fine", now);
  };
}

/** Whether the oldest waiting attempt has waited longer than `SLOW_MS`. */
function isStuck(skuId: string, now: number): boolean {
  for (const [id, sentAt] of waiting.get(skuId) ?? []) {
    if (now - sentAt <= ABANDONED_MS) return now - sentAt > SLOW_MS;
    waiting.get(skuId)?.delete(id);
  }
  return false;
}

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

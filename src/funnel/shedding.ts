// Load shedding: when a SKU's object is overloaded or slow, this isolate refuses a growing share of new attempts for
// that SKU, and a shrinking share as the object recovers.
import { memory } from "../edge/memory.ts";
import { refuse } from "../http/errors.ts";
import { objectName } from "../inventory/order-id.ts";
import { type Admitted, type Identified, type Observer, objectOf, type Stage } from "./attempt.ts";
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
export function recordLoad(name: string, sign: "overloaded" | "fine", now: number): void {
  const known = sheds.get(name);
  const next = nextShed(known, sign, now);
  if (next && next !== known) sheds.set(name, next);
  else if (!next) sheds.delete(name);
}

/** Tracks an attempt while it waits for its object, and records the object's load after the answer. */
function observe(attempt: Admitted): Observer {
  const sentAt = Date.now();
  const id = Symbol();
  const name = objectName(objectOf(attempt));
  const sent = waiting.get(name) ?? new Map<symbol, number>();
  if (sent.size < MAX_TRACKED) waiting.set(name, sent.set(id, sentAt));
  return (answer) => {
    const now = Date.now();
    const overloaded = !answer.ok && answer.reason === "overloaded";
    sent.delete(id);
    if (sent.size === 0 && waiting.get(name) === sent) waiting.delete(name);
    recordLoad(name, overloaded || now - sentAt > SLOW_MS ? "overloaded" : "fine", now);
  };
}

/** Whether the oldest waiting attempt has waited longer than `SLOW_MS`. */
function isStuck(name: string, now: number): boolean {
  for (const [id, sentAt] of waiting.get(name) ?? []) {
    if (now - sentAt <= ABANDONED_MS) return now - sentAt > SLOW_MS;
    waiting.get(name)?.delete(id);
  }
  return false;
}

export const shedding: Stage<Identified> = {
  name: "shedding",
  check(attempt) {
    const { now } = attempt;
    const name = objectName(objectOf(attempt));
    if (isStuck(name, now)) recordLoad(name, "overloaded", now);
    const shed = sheds.get(name);
    if (!shed || Math.random() >= shareAt(shed, now)) return undefined;
    return refuse("overloaded", { retryAfterSeconds: randomRetrySeconds() });
  },
  observe,
};

// The calls of one colo to Redis, through the real breaker. Its isolates see the same Redis, so one breaker stands for theirs.
import { breakerLimits } from "../../config/breaker-limits.ts";
import { admitCall, type BreakerState, closedBreaker, endCall } from "../../edge/decide-breaker.ts";
import type { World } from "./world.ts";

const LIMITS = breakerLimits.parse({}).redis;
/** The breaker counts at most this many calls of one step. A few failures in a row open it. */
const SAMPLES = 50;

export class RedisCalls {
  readonly #world: World;
  #breaker: BreakerState = closedBreaker(0);

  constructor(world: World) {
    this.#world = world;
  }

  /** Makes calls of this many commands each. @returns how many were answered in time */
  call(calls: number, commands: number): number {
    const { calendar, random } = this.#world;
    const { now } = calendar;
    const size = Math.ceil(calls / SAMPLES);
    let [left, answered] = [calls, 0];
    while (left > 0) {
      const admitted = admitCall(this.#breaker, now, LIMITS);
      if (!admitted) break;
      const together = admitted.is === "closed" ? Math.min(size, left) : 1;
      const outcome = this.#outcomeOf(together * commands);
      const { spell } = admitted;
      this.#breaker = endCall(admitted, { spell, outcome }, now, LIMITS, random());
      left -= together;
      if (outcome === "answered") answered += together;
    }
    return answered;
  }

  #outcomeOf(commands: number): "answered" | "failed" {
    const { calendar, limits, redis } = this.#world;
    const waitMs = redis.waitMs(calendar.now);
    if (waitMs > limits.redisQueueMs) return "failed";
    redis.serve(calendar.now, commands);
    return waitMs + limits.redisMs > LIMITS.limitMs ? "failed" : "answered";
  }
}

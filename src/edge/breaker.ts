// A circuit breaker: a service that fails or is slow is not called for a while. One breaker per service and isolate.
import type { BreakerLimits } from "../config/breaker-limits.ts";
import { count, setWorst } from "../observability/metrics.ts";
import {
  admitCall,
  type BreakerState,
  type CallOutcome,
  closedBreaker,
  endCall,
} from "./decide-breaker.ts";
import { elapsed } from "./elapsed.ts";

/** The service was not called, because its breaker is open. */
export class BreakerOpen extends Error {
  override readonly name = "BreakerOpen";
}

/** Ends a call that a breaker admitted. */
export type EndCall = (outcome: CallOutcome) => void;

const LEVELS = { closed: 0, "half-open": 1, open: 2 } as const;
/** So often refused calls and probes say that the breaker is still not closed. */
const REPORT_MS = 1_000;

const breakers = new Map<string, Breaker>();

/** The breakers of this isolate by name. A service that was never called has none. */
export const allBreakers = (): ReadonlyMap<string, Breaker> => breakers;

export class Breaker {
  readonly #name: string;
  readonly #isFailure: (error: unknown) => boolean;
  #state: BreakerState = closedBreaker(0);
  #reportedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param name its name in metrics
   * @param isFailure whether an error means that the service is down; by default every error does
   */
  constructor(name: string, isFailure: (error: unknown) => boolean = () => true) {
    this.#name = name;
    this.#isFailure = isFailure;
    breakers.set(name, this);
  }

  get state(): BreakerState["is"] {
    return this.#state.is;
  }

  /** When the state began: milliseconds. 0 if it never changed. */
  get since(): number {
    return this.#state.since;
  }

  /** Forgets every failure. */
  reset(): void {
    this.#state = closedBreaker(0, this.#state.spell + 1);
  }

  /**
   * Runs one operation. Calls that may not run are rejected at once instead of waiting for a probe, because a promise of
   * another request may never settle on Workers.
   *
   * @param operation takes `limitMs` at most
   * @throws BreakerOpen without running it while the breaker is open
   */
  async run<T>(limits: BreakerLimits, operation: () => Promise<T>): Promise<T> {
    const end = this.enter(limits);
    if (!end) throw new BreakerOpen(`the breaker of ${this.#name} is ${this.state}`);
    const startedAt = Date.now();
    try {
      const answer = await operation();
      end(outcomeAfter(Date.now() - startedAt, limits));
      return answer;
    } catch (error) {
      const answered = outcomeAfter(Date.now() - startedAt, limits);
      end(this.#isFailure(error) ? "failed" : answered);
      throw error;
    }
  }

  /** Starts a call, which the caller ends. Undefined if the service must not be called now. */
  enter(limits: BreakerLimits): EndCall | undefined {
    const now = Date.now();
    const state = admitCall(this.#state, now, limits);
    if (!state) {
      count("breaker_refused", this.#name);
      if (elapsed(this.#reportedAt, now) >= REPORT_MS) this.#report(now);
      return undefined;
    }
    this.#become(state, now);
    const { spell } = state;
    return (outcome) => {
      const endedAt = Date.now();
      const call = { spell, outcome };
      this.#become(endCall(this.#state, call, endedAt, limits, Math.random()), endedAt);
    };
  }

  #become(next: BreakerState, now: number): void {
    const before = this.#state;
    this.#state = next;
    if (next.is === before.is) return;
    count("breaker_changes", this.#name, next.is === "half-open" ? "half_open" : next.is);
    this.#report(now);
  }

  #report(now: number): void {
    this.#reportedAt = now;
    const state = this.#state;
    const openMs = state.is === "closed" ? 0 : Math.max(0, now - state.brokeAt);
    setWorst("breaker_state", LEVELS[state.is], this.#name);
    setWorst("breaker_open_seconds", openMs / 1_000, this.#name);
  }
}

/** The outcome of a call that was answered. */
export const outcomeAfter = (milliseconds: number, { slowMs }: BreakerLimits): CallOutcome =>
  milliseconds > slowMs ? "slow" : "answered";

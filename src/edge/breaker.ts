// A circuit breaker: after several failures in a row, a service is not called for a while. One breaker per service and
// isolate.
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import { count } from "../observability/metrics.ts";
import { elapsed } from "./elapsed.ts";

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 2_000;

export class Breaker {
  readonly #name: string;
  readonly #isFailure: (error: unknown) => boolean;
  #policy: CircuitBreakerPolicy;
  #openedAt = Number.NEGATIVE_INFINITY;
  #probedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param name its name in metrics
   * @param isFailure whether an error means that the service is down; by default every error does
   */
  constructor(name: string, isFailure: (error: unknown) => boolean = () => true) {
    this.#name = name;
    this.#isFailure = isFailure;
    this.#policy = this.#newPolicy();
  }

  get state(): "closed" | "open" | "half-open" {
    switch (this.#policy.state) {
      case CircuitState.Closed:
        return "closed";
      case CircuitState.HalfOpen:
        return "half-open";
      default:
        return "open";
    }
  }

  /** Forgets every failure. */
  reset(): void {
    this.#policy = this.#newPolicy();
  }

  /**
   * Runs one operation. During a probe, other calls are rejected at once instead of waiting for it, because a promise
   * of another request may never settle on Workers. For the same reason the probe of a canceled request would keep
   * the breaker half-open forever, so after its time limit the next call probes again.
   *
   * @param limitMs the longest that the operation takes
   * @throws BrokenCircuitError without running it while the breaker is open
   */
  run<T>(limitMs: number, operation: () => Promise<T>): Promise<T> {
    const now = Date.now();
    if (this.state === "half-open") {
      if (elapsed(this.#probedAt, now) < limitMs + OPEN_MS) {
        throw new BrokenCircuitError("the service is being probed");
      }
      this.#policy = this.#newPolicy(this.#policy.toJSON());
    }
    // If the clock was set back since, the breaker would stay open until the clock has caught up.
    if (this.state === "open" && now < this.#openedAt) this.reset();
    if (this.state === "open") this.#probedAt = now;
    return this.#policy.execute(operation);
  }

  #newPolicy(initialState?: ReturnType<CircuitBreakerPolicy["toJSON"]>): CircuitBreakerPolicy {
    const policy = circuitBreaker(handleWhen(this.#isFailure), {
      halfOpenAfter: OPEN_MS,
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      ...(initialState ? { initialState } : {}),
    });
    policy.onBreak(() => {
      this.#openedAt = Date.now();
      count("breaker_changes", this.#name, "open");
    });
    policy.onHalfOpen(() => count("breaker_changes", this.#name, "half_open"));
    policy.onReset(() => count("breaker_changes", this.#name, "closed"));
    return policy;
  }
}

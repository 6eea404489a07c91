// Runs one piece of work at a time per isolate, and shares its result between the requests that need it.
import { elapsed } from "./elapsed.ts";
import type { EdgeScope } from "./scope.ts";

type Background = Pick<EdgeScope, "waitUntil">;

/**
 * Running work, which other requests poll. They never await its promise: it may never settle if its owner was
 * canceled, and a request that awaits it can resume inside the owner's request, where it cannot send its own response.
 */
interface Flight<T> {
  startedAt: number;
  outcome?: { ok: true; value: T } | { ok: false; error: unknown };
}

/** Longer than the work usually takes. After that, the owner may have been canceled, and another request takes over. */
const ABANDONED_MS = 1_000;
/** How soon a request first polls another request's work. Each further wait is twice as long. */
const FIRST_POLL_MS = 10;
const LAST_POLL_MS = 2_500;

let flights = 0;

/** For tests: the number of running flights in this isolate. */
export const flightsUnderWay = (): number => flights;

export class SingleFlight<T> {
  #flight: Flight<T> | undefined;
  /** The last result since `forget`. */
  #landed: { value: T } | undefined;
  #generation = 0;

  /** Starts the work. Returns undefined, without starting it, while another request's work is running. */
  start(scope: Background, work: () => Promise<T>): Promise<T> | undefined {
    if (isAwaited(this.#flight)) return undefined;
    const flight: Flight<T> = { startedAt: Date.now() };
    const generation = this.#generation;
    this.#flight = flight;
    flights += 1;
    const mine = work()
      .then(
        (value) => {
          flight.outcome = { ok: true, value };
          if (generation === this.#generation) this.#landed = { value };
          return value;
        },
        (error) => {
          flight.outcome = { ok: false, error };
          throw error;
        },
      )
      .finally(() => {
        flights -= 1;
        if (this.#flight === flight) this.#flight = undefined;
      });
    scope.waitUntil(mine.catch(() => {}));
    return mine;
  }

  /** The outcome of this request's own work, or of the running work. */
  async join(scope: Background, work: () => Promise<T>): Promise<T> {
    const before = this.#landed;
    for (;;) {
      const mine = this.start(scope, work);
      if (mine) return mine;
      const other = this.#flight;
      for (let ms = FIRST_POLL_MS; ms < LAST_POLL_MS && isAwaited(other); ms *= 2) {
        await scheduler.wait(ms);
      }
      const outcome = other?.outcome;
      if (outcome?.ok) return outcome.value;
      if (outcome) throw outcome.error;
      if (this.#landed && this.#landed !== before) return this.#landed.value;
      // Abandoned: the first request to notice takes over.
      if (this.#flight === other) this.#flight = undefined;
    }
  }

  /** Discards running work: the next request starts its own. */
  forget(): void {
    this.#generation += 1;
    this.#flight = undefined;
    this.#landed = undefined;
  }
}

const isAwaited = (flight: Flight<unknown> | undefined): boolean =>
  flight !== undefined && !flight.outcome && elapsed(flight.startedAt) < ABANDONED_MS;

// One piece of work at a time for a whole isolate, shared by the requests that need its result.
import { elapsed } from "./elapsed.ts";
import type { EdgeScope } from "./scope.ts";

type Background = Pick<EdgeScope, "waitUntil">;

/**
 * Work under way, for other requests to look at. They never wait for its promise: it may not settle once its
 * owner is gone, and a request that waits for it can resume inside the owner's request, where it cannot send its
 * own answer.
 */
interface Flight<T> {
  startedAt: number;
  outcome?: { ok: true; value: T } | { ok: false; error: unknown };
}

/** Longer than the work usually takes. Past it, the owner may be gone, and another request takes over. */
const ABANDONED_MS = 1_000;
/** When a waiting request first looks at another request's work. Each further wait is twice as long. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 2_500;

let flights = 0;

/** For tests: how much work this isolate has under way, most of it behind an answer that has left. */
export const flightsUnderWay = (): number => flights;

export class SingleFlight<T> {
  #flight: Flight<T> | undefined;
  /** The last result of work that still counts. */
  #landed: { value: T } | undefined;
  #generation = 0;

  /** Starts the work. Returns undefined, without starting it, while another request's is under way. */
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

  /** The outcome of this request's own work, or of the work under way. */
  async join(scope: Background, work: () => Promise<T>): Promise<T> {
    const before = this.#landed;
    for (;;) {
      const mine = this.start(scope, work);
      if (mine) return mine;
      const other = this.#flight;
      for (let ms = FIRST_LOOK_MS; ms < LAST_LOOK_MS && isAwaited(other); ms *= 2) {
        await scheduler.wait(ms);
      }
      const outcome = other?.outcome;
      if (outcome?.ok) return outcome.value;
      if (outcome) throw outcome.error;
      if (this.#landed && this.#landed !== before) return this.#landed.value;
      // Abandoned: the first request to find out takes over.
      if (this.#flight === other) this.#flight = undefined;
    }
  }

  /** Work under way no longer counts: the next request starts its own. */
  forget(): void {
    this.#generation += 1;
    this.#flight = undefined;
    this.#landed = undefined;
  }
}

const isAwaited = (flight: Flight<unknown> | undefined): boolean =>
  flight !== undefined && !flight.outcome && elapsed(flight.startedAt) < ABANDONED_MS;

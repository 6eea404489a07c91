// A stale-while-revalidate cache of one value: held in the isolate's memory, copied to the colo's cache, loaded from its
// source. One refresh runs at a time, and a stale value is better than none. Used for the catalog, the rules, the live
// stock, and the identity provider's keys.
import { count } from "../observability/metrics.ts";
import { elapsed } from "./elapsed.ts";
import { type Duration, durationAt, Freshness } from "./freshness.ts";
import type { EdgeScope } from "./scope.ts";
import { SingleFlight } from "./single-flight.ts";
import { FALLBACK_MS, type Reading, type SourceOptions, SwrSource } from "./swr-source.ts";

export interface SwrOptions<Raw, Value, S extends EdgeScope> extends SourceOptions<Raw, Value, S> {
  /** Up to this age the value is served at once while one caller refreshes it. After that, callers wait. */
  revalidateMs: Duration;
}

/** What one caller needs. Ages in milliseconds. */
interface Need {
  /** From this age on, the caller waits for a refresh that is due. Default: `revalidateMs` */
  waitMs?: number | undefined;
  /** At this age a refresh is due at the latest, and the caller waits for it. Default: by `freshMs` alone */
  maxAgeMs?: number | undefined;
}

const ANY_AGE = Number.POSITIVE_INFINITY;

/**
 * How long a caller with a stale value waits for a fresh one, how long if the fallback may be read, and how long a refresh
 * lasts at most. Each contains a call of Redis.
 */
const limitsOf = ({ config: { BREAKERS } }: EdgeScope) => {
  const { limitMs } = BREAKERS.redis;
  return {
    patienceMs: limitMs + 100,
    fallbackPatienceMs: limitMs + 1_200,
    refreshMs: limitMs + 2_200,
  };
};

export class SwrCache<Raw, Value, S extends EdgeScope = EdgeScope> {
  readonly #options: SwrOptions<Raw, Value, S>;
  readonly #freshness: Freshness;
  readonly #source: SwrSource<Raw, Value, S>;
  readonly #refreshes = new SingleFlight<Reading<Value>>();
  #held: Reading<Value> | undefined;
  /** Why the last refresh failed. Undefined after a successful one. */
  #fault: unknown;
  /** Increases with every `drop`. Readings that started before are not stored. */
  #generation = 0;

  constructor(options: SwrOptions<Raw, Value, S>) {
    this.#options = options;
    this.#freshness = new Freshness(options.freshMs);
    this.#source = new SwrSource(options, this.#freshness);
  }

  /** Call after a change. This isolate's next read goes to the source. Other isolates follow when their values are due. */
  drop(): void {
    this.#generation += 1;
    this.#held = undefined;
    this.#refreshes.forget();
    this.#fault = undefined;
    this.#source.drop();
    this.#freshness.reset();
  }

  /** The held value, however old. */
  get last(): Value | undefined {
    return this.#held?.value;
  }

  /** Whether the held value is older than `revalidateMs`, because the source does not answer. */
  get isOverdue(): boolean {
    const now = Date.now();
    return this.#held !== undefined && this.#age(now) >= this.#revalidateMs(now);
  }

  /**
   * The value for one request. Not a promise if it need not wait, which saves time on the hot path.
   *
   * @throws if neither the source nor the fallback answers and no usable value is held. For a second afterwards it
   *   throws without reading them again.
   */
  read(
    scope: S,
    { waitMs, maxAgeMs = ANY_AGE }: Need = {},
  ): Reading<Value> | Promise<Reading<Value>> {
    const now = Date.now();
    const age = this.#age(now);
    const usable = age < this.#options.staleMs ? this.#held : undefined;
    if (!usable && this.#fault && this.#freshness.isPaused(now)) throw this.#fault;
    const isDue = this.#freshness.isDue(now, maxAgeMs);
    const isTooOld = age >= Math.min(waitMs ?? this.#revalidateMs(now), maxAgeMs);
    if (!usable || (isDue && isTooOld)) return this.#wait(scope, usable, maxAgeMs);
    if (isDue) this.#refresh(scope);
    return this.#served(usable, now);
  }

  /**
   * The held value if it is not older than `revalidateMs`, without waiting. If a refresh is due, it starts in the
   * background.
   */
  peek(scope: S): Value | undefined {
    const now = Date.now();
    if (this.#freshness.isDue(now)) this.#refresh(scope);
    return this.#age(now) <= this.#revalidateMs(now) ? this.#held?.value : undefined;
  }

  /** Reads the source now. The held value still serves other callers, even if the source fails. */
  renew(scope: S): Promise<Reading<Value>> {
    this.#source.skipColo();
    return this.#refreshed(scope);
  }

  /**
   * Takes a reading that another cache makes of this one's source as well. Call it before that begins, and the result with
   * what was read. A change in between outdates the reading.
   */
  expect(): (scope: S, raw: Raw, readAt: number) => void {
    const generation = this.#generation;
    return (scope, raw, readAt) => {
      if (generation !== this.#generation) return;
      const taken = this.#source.taken(scope, { raw, readAt }).then((next) => {
        if (generation === this.#generation) this.#hold(next);
      });
      scope.waitUntil(taken.catch(() => {})); // its own refresh finds out
    };
  }

  #age = (now = Date.now()): number => this.#freshness.age(now);

  #revalidateMs = (now: number): number => durationAt(this.#options.revalidateMs, now);

  /** Waits for a refresh. The held value is too old to serve unless the source fails or is slow. */
  async #wait(
    scope: S,
    held: Reading<Value> | undefined,
    maxAgeMs: number,
  ): Promise<Reading<Value>> {
    const startedAt = Date.now();
    if (!held) return this.#served(await this.#refreshed(scope, maxAgeMs), startedAt);
    const fresher = this.#refreshed(scope, maxAgeMs).catch(() => undefined);
    const awaitsFallback = this.#options.fallback && elapsed(held.readAt) >= FALLBACK_MS;
    const { fallbackPatienceMs, patienceMs } = limitsOf(scope);
    const patience = awaitsFallback ? fallbackPatienceMs : patienceMs;
    return this.#served(
      (await Promise.race([fresher, scheduler.wait(patience)])) ?? held,
      startedAt,
    );
  }

  /** Counts what is served. Values past `revalidateMs` tell the operator that the source does not answer. */
  #served(reading: Reading<Value>, startedAt: number): Reading<Value> {
    const isStale = startedAt - reading.readAt > this.#revalidateMs(startedAt);
    count("cache", this.#options.name, isStale ? "stale" : "isolate");
    return reading;
  }

  /** Starts a refresh in the background unless one is running. */
  #refresh(scope: S): void {
    this.#refreshes.start(scope, () => this.#renewed(scope, ANY_AGE))?.catch(() => {});
  }

  /** The outcome of this request's own refresh, or of the running one. */
  async #refreshed(scope: S, maxAgeMs = ANY_AGE): Promise<Reading<Value>> {
    const oldest = Date.now() - maxAgeMs;
    const renew = () => this.#renewed(scope, maxAgeMs);
    const reading = await this.#refreshes.join(scope, renew);
    // The refresh of a caller who needs less may have taken an older copy.
    return reading.readAt < oldest ? this.#refreshes.join(scope, renew) : reading;
  }

  async #renewed(scope: S, maxAgeMs: number): Promise<Reading<Value>> {
    const generation = this.#generation;
    try {
      const { refreshMs } = limitsOf(scope);
      const newest = this.#source.newest(scope, maxAgeMs, () => this.#held?.value);
      const next = await Promise.race([newest, scheduler.wait(refreshMs)]);
      if (!next) throw new Error(`no answer within ${refreshMs} ms`);
      if (generation === this.#generation) this.#hold(next);
      return next;
    } catch (error) {
      if (generation === this.#generation) {
        this.#fault = error;
        this.#freshness.fail();
      }
      throw error;
    }
  }

  /** Holds a reading unless the held one is newer. The result of a slow, abandoned refresh may be the newest. */
  #hold(next: Reading<Value>): void {
    if (this.#age() < elapsed(next.readAt)) return;
    this.#held = next;
    this.#fault = undefined;
    this.#freshness.hold(next.readAt);
  }
}

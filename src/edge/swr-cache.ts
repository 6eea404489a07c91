// A stale-while-revalidate cache of one value: held in the isolate's memory, copied to the colo's cache, loaded from its
// source. One refresh runs at a time, and a stale value is better than none. Used for the catalog, the rules, the live
// stock, and the identity provider's keys.
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { readColo, writeColo } from "./colo.ts";
import { elapsed } from "./elapsed.ts";
import { Freshness } from "./freshness.ts";
import type { EdgeScope } from "./scope.ts";
import { SingleFlight } from "./single-flight.ts";

export interface SwrOptions<Raw, Value, S extends EdgeScope> {
  /** The name in the colo's cache and in metrics. */
  name: string;
  /** Up to this age the value is served without a refresh. */
  freshMs: number;
  /** Up to this age it is served at once while one caller refreshes it. After that, callers wait. */
  revalidateMs: number;
  /** Up to this age it is served while the source fails. */
  staleMs: number;
  /** Reads the source. `Raw` must survive JSON. */
  load(scope: S): Promise<Raw>;
  /** Turns the raw form into what callers use. */
  build(raw: Raw, scope: S): Value | Promise<Value>;
  /**
   * A second source, read if the first one fails and the held value is older than `FALLBACK_MS`. `held` is the held
   * value if it is still usable.
   */
  fallback?(scope: S, held: Value | undefined): Promise<Raw>;
}

/** A value, and when its source was read (milliseconds). */
interface Reading<Value> {
  value: Value;
  readAt: number;
}

/** The same in raw form, as the colo's cache stores it. */
interface Copy<Raw> {
  raw: Raw;
  readAt: number;
}

/**
 * While the source fails, the fallback is read for values older than this, and at most once per this time. Including
 * round trips, a change shows within five seconds, and many isolates do not overload the fallback.
 */
const FALLBACK_MS = 3_000;

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
  readonly #refreshes = new SingleFlight<Reading<Value>>();
  #held: Reading<Value> | undefined;
  /** Why the last refresh failed. Undefined after a successful one. */
  #fault: unknown;
  /** Increases with every `drop`. Readings that started before are not stored. */
  #generation = 0;
  #skipColo = false;
  #fallbackReadAt = Number.NEGATIVE_INFINITY;

  constructor(options: SwrOptions<Raw, Value, S>) {
    this.#options = options;
    this.#freshness = new Freshness(options.freshMs);
  }

  /** Call after a change. This isolate's next read goes to the source. Other isolates follow when their values are due. */
  drop(): void {
    this.#generation += 1;
    this.#held = undefined;
    this.#refreshes.forget();
    this.#fault = undefined;
    this.#skipColo = true;
    this.#fallbackReadAt = Number.NEGATIVE_INFINITY;
    this.#freshness.reset();
  }

  /** The held value, however old. */
  get last(): Value | undefined {
    return this.#held?.value;
  }

  /** Whether the held value is older than `revalidateMs`, because the source does not answer. */
  get isOverdue(): boolean {
    return this.#held !== undefined && this.#age() >= this.#options.revalidateMs;
  }

  /**
   * The value for one request. Not a promise if it need not wait, which saves time on the hot path.
   *
   * @param waitMs the age from which this request waits for a refresh that is due
   * @throws if neither the source nor the fallback answers and no usable value is held. For a second afterwards it
   *   throws without reading them again.
   */
  read(scope: S, waitMs = this.#options.revalidateMs): Reading<Value> | Promise<Reading<Value>> {
    const now = Date.now();
    const age = this.#age(now);
    const usable = age < this.#options.staleMs ? this.#held : undefined;
    if (!usable && this.#fault && this.#freshness.isPaused(now)) throw this.#fault;
    const isDue = this.#freshness.isDue(now);
    if (!usable || (isDue && age >= waitMs)) return this.#wait(scope, usable);
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
    return this.#age(now) <= this.#options.revalidateMs ? this.#held?.value : undefined;
  }

  /** Reads the source now. The held value still serves other callers, even if the source fails. */
  renew(scope: S): Promise<Reading<Value>> {
    this.#skipColo = true;
    return this.#refreshed(scope);
  }

  #age = (now = Date.now()): number => this.#freshness.age(now);

  /** Waits for a refresh. The held value is too old to serve unless the source fails or is slow. */
  async #wait(scope: S, held: Reading<Value> | undefined): Promise<Reading<Value>> {
    const startedAt = Date.now();
    if (!held) return this.#served(await this.#refreshed(scope), startedAt);
    const fresher = this.#refreshed(scope).catch(() => undefined);
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
    const { name, revalidateMs } = this.#options;
    const isStale = startedAt - reading.readAt > revalidateMs;
    count("cache", name, isStale ? "stale" : "isolate");
    return reading;
  }

  /** Starts a refresh in the background unless one is running. */
  #refresh(scope: S): void {
    this.#refreshes.start(scope, () => this.#renewed(scope))?.catch(() => {});
  }

  /** The outcome of this request's own refresh, or of the running one. */
  #refreshed(scope: S): Promise<Reading<Value>> {
    return this.#refreshes.join(scope, () => this.#renewed(scope));
  }

  async #renewed(scope: S): Promise<Reading<Value>> {
    const generation = this.#generation;
    try {
      const { refreshMs } = limitsOf(scope);
      const next = await Promise.race([this.#newest(scope), scheduler.wait(refreshMs)]);
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

  /** Reads the colo's copy if it is fresh and newer than the held value, otherwise the source. */
  async #newest(scope: S): Promise<Reading<Value>> {
    const { freshMs, load, name } = this.#options;
    const copy = this.#skipColo ? undefined : await this.#copy(scope);
    // A copy that is held already must not count, or the isolate that is due would never read the source.
    const newer = copy && elapsed(copy.readAt) < this.#age() ? copy : undefined;
    if (newer && elapsed(newer.readAt) < freshMs) {
      count("cache", name, "colo");
      return this.#built(scope, newer);
    }
    this.#skipColo = false;
    const readAt = Date.now();
    try {
      const raw = await load(scope);
      count("cache", name, "source");
      return await this.#taken(scope, { raw, readAt });
    } catch (error) {
      count("cache", name, "degraded");
      log("shared.source_failed", { step: name, cause: causeOf(error) });
      return this.#instead(scope, error, newer);
    }
  }

  /** The source failed: uses the newest of the copy, the held value, and the fallback. */
  async #instead(scope: S, error: unknown, copy: Copy<Raw> | undefined): Promise<Reading<Value>> {
    const { staleMs, fallback } = this.#options;
    const held = this.#age() < staleMs ? this.#held : undefined;
    const mayFallBack = !held || elapsed(this.#fallbackReadAt) >= FALLBACK_MS;
    const bound = fallback && mayFallBack ? FALLBACK_MS : staleMs;
    if (copy && elapsed(copy.readAt) < bound) return this.#built(scope, copy);
    if (held && this.#age() < bound) throw error;
    if (fallback && mayFallBack) {
      const readAt = Date.now();
      this.#fallbackReadAt = readAt;
      const raw = await fallback(scope, held?.value).catch(() => undefined);
      if (raw !== undefined) return this.#taken(scope, { raw, readAt });
    }
    if (copy && elapsed(copy.readAt) < staleMs) return this.#built(scope, copy);
    throw error;
  }

  /** Builds a reading of a source, and copies it to the colo's cache. */
  #taken(scope: S, copy: Copy<Raw>): Promise<Reading<Value>> {
    const { name, staleMs } = this.#options;
    scope.waitUntil(writeColo(scope.config, name, copy, staleMs));
    return this.#built(scope, copy);
  }

  #copy(scope: S): Promise<Copy<Raw> | undefined> {
    return readColo(scope.config, this.#options.name) as Promise<Copy<Raw> | undefined>;
  }

  async #built(scope: S, { raw, readAt }: Copy<Raw>): Promise<Reading<Value>> {
    return { value: await this.#options.build(raw, scope), readAt };
  }
}

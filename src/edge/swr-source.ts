// Where a cache gets a newer reading from: the colo's copy, the source, and if that fails the best of what is left.
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { readColo, writeColo } from "./colo.ts";
import { elapsed } from "./elapsed.ts";
import { type Duration, durationAt, type Freshness } from "./freshness.ts";
import type { EdgeScope } from "./scope.ts";

export interface SourceOptions<Raw, Value, S extends EdgeScope> {
  /** The name in the colo's cache and in metrics. */
  name: string;
  /** Up to this age a value is served without a refresh. */
  freshMs: Duration;
  /** Up to this age a value is served while the source fails: milliseconds. */
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
export interface Reading<Value> {
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
export const FALLBACK_MS = 3_000;

export class SwrSource<Raw, Value, S extends EdgeScope> {
  readonly #options: SourceOptions<Raw, Value, S>;
  readonly #freshness: Freshness;
  #skipColo = false;
  #fallbackReadAt = Number.NEGATIVE_INFINITY;

  /** @param freshness that of the held value */
  constructor(options: SourceOptions<Raw, Value, S>, freshness: Freshness) {
    this.#options = options;
    this.#freshness = freshness;
  }

  /** The next reading does not come from the colo's cache. */
  skipColo(): void {
    this.#skipColo = true;
  }

  /** Call after a change: neither a copy nor a recent fallback has it. */
  drop(): void {
    this.#skipColo = true;
    this.#fallbackReadAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Reads the colo's copy if it is fresh and newer than the held value, otherwise the source.
   *
   * @param maxAgeMs an older copy is not fresh
   */
  async newest(scope: S, maxAgeMs: number, held: () => Value | undefined): Promise<Reading<Value>> {
    const { load, name, freshMs } = this.#options;
    const copy = this.#skipColo ? undefined : await this.#copy(scope);
    // A copy that is held already must not count, or the isolate that is due would never read the source.
    const newer = copy && elapsed(copy.readAt) < this.#age() ? copy : undefined;
    const now = Date.now();
    if (newer && elapsed(newer.readAt, now) < Math.min(durationAt(freshMs, now), maxAgeMs)) {
      count("cache", name, "colo");
      return this.#built(scope, newer);
    }
    this.#skipColo = false;
    const readAt = Date.now();
    try {
      const raw = await load(scope);
      count("cache", name, "source");
      return await this.taken(scope, { raw, readAt });
    } catch (error) {
      count("cache", name, "degraded");
      log("shared.source_failed", { step: name, cause: causeOf(error) });
      return this.#instead(scope, error, newer, held());
    }
  }

  /** Builds a reading of the source, and copies it to the colo's cache. */
  taken(scope: S, copy: Copy<Raw>): Promise<Reading<Value>> {
    const { name, staleMs } = this.#options;
    scope.waitUntil(writeColo(scope.config, name, copy, staleMs));
    return this.#built(scope, copy);
  }

  #age = (): number => this.#freshness.age(Date.now());

  /** The source failed: uses the newest of the copy, the held value, and the fallback. */
  async #instead(
    scope: S,
    error: unknown,
    copy: Copy<Raw> | undefined,
    last: Value | undefined,
  ): Promise<Reading<Value>> {
    const { staleMs, fallback } = this.#options;
    const held = this.#age() < staleMs ? last : undefined;
    const mayFallBack = !held || elapsed(this.#fallbackReadAt) >= FALLBACK_MS;
    const bound = fallback && mayFallBack ? FALLBACK_MS : staleMs;
    if (copy && elapsed(copy.readAt) < bound) return this.#built(scope, copy);
    if (held && this.#age() < bound) throw error;
    if (fallback && mayFallBack) {
      const readAt = Date.now();
      this.#fallbackReadAt = readAt;
      const raw = await fallback(scope, held).catch(() => undefined);
      if (raw !== undefined) return this.taken(scope, { raw, readAt });
    }
    if (copy && elapsed(copy.readAt) < staleMs) return this.#built(scope, copy);
    throw error;
  }

  #copy(scope: S): Promise<Copy<Raw> | undefined> {
    return readColo(scope.config, this.#options.name) as Promise<Copy<Raw> | undefined>;
  }

  async #built(scope: S, { raw, readAt }: Copy<Raw>): Promise<Reading<Value>> {
    return { value: await this.#options.build(raw, scope), readAt };
  }
}

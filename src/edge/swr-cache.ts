// A stale-while-revalidate cache of one value that every request reads: held in the isolate, copied in the
// colo's cache, read from its source. One refresh runs at a time, and a stale value beats none. The catalog, the
// rules, the live stock, and the identity provider's keys use it.
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { readColo, writeColo } from "./colo.ts";
import { elapsed } from "./elapsed.ts";
import { Freshness } from "./freshness.ts";
import type { EdgeScope } from "./scope.ts";
import { SingleFlight } from "./single-flight.ts";

export interface SwrOptions<Raw, Value, S extends EdgeScope> {
  /** Its name in the colo's cache and in metrics. */
  name: string;
  /** Up to this age the value is served as it is. */
  freshMs: number;
  /** Up to this age it is still served at once, while one caller refreshes it. Beyond, callers wait. */
  revalidateMs: number;
  /** While the source fails, a value is served up to this age. */
  staleMs: number;
  /** Reads the source. `Raw` must survive JSON. */
  load(scope: S): Promise<Raw>;
  /** Turns the raw form into what callers use. */
  build(raw: Raw, scope: S): Value | Promise<Value>;
  /**
   * A second source, read while the first one fails and the held value is older than `FALLBACK_MS`. It gets the
   * held value, if that is usable.
   */
  fallback?(scope: S, held: Value | undefined): Promise<Raw>;
}

/** A value, and when its source was read (milliseconds). */
interface Reading<Value> {
  value: Value;
  readAt: number;
}

/** The same in raw form, as the colo's cache keeps it. */
interface Copy<Raw> {
  raw: Raw;
  readAt: number;
}

/** Past this, a refresh has failed. */
const REFRESH_LIMIT_MS = 2_500;
/** How long a caller holding a stale value waits for a fresh one. */
const PATIENCE_MS = 400;
/**
 * While the source fails, the fallback is read for values older than this, and at most this often. With the way
 * there and back, a change shows within five seconds, and a crowd of isolates stays bearable.
 */
const FALLBACK_MS = 3_000;
/** How long a caller holding such a value waits where there is a fallback. */
const FALLBACK_PATIENCE_MS = 1_500;

export class SwrCache<Raw, Value, S extends EdgeScope = EdgeScope> {
  readonly #options: SwrOptions<Raw, Value, S>;
  readonly #freshness: Freshness;
  readonly #refreshes = new SingleFlight<Reading<Value>>();
  #held: Reading<Value> | undefined;
  /** Why the last refresh failed; undefined after a good one. */
  #fault: unknown;
  /** Rises with every change made here. A reading from before it is not kept. */
  #generation = 0;
  #skipColo = false;
  #fallbackReadAt = Number.NEGATIVE_INFINITY;

  constructor(options: SwrOptions<Raw, Value, S>) {
    this.#options = options;
    this.#freshness = new Freshness(options.freshMs);
  }

  /** After a change: the next read of this isolate goes to the source. Other isolates follow in their time. */
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

  /** Whether the held value is past its bound, because the source does not answer. */
  get isOverdue(): boolean {
    return this.#held !== undefined && this.#age() >= this.#options.revalidateMs;
  }

  /**
   * The value for one request: at once, without a promise, while it is fresh.
   *
   * @throws when neither the source nor the fallback answers and no usable value is held; for a second
   *   afterwards, without reading them again
   */
  read(scope: S): Reading<Value> | Promise<Reading<Value>> {
    const now = Date.now();
    const age = this.#age(now);
    const usable = age < this.#options.staleMs ? this.#held : undefined;
    if (!usable && this.#fault && this.#freshness.isPaused(now)) throw this.#fault;
    const isDue = this.#freshness.isDue(now);
    if (!usable || (isDue && age >= this.#options.revalidateMs)) return this.#wait(scope, usable);
    if (isDue) this.#refresh(scope);
    return this.#served(usable, now);
  }

  /**
   * The value if it is held and within its bound, without waiting. Peeking keeps it fresh: a refresh starts
   * behind the caller's back when it is due.
   */
  peek(scope: S): Value | undefined {
    const now = Date.now();
    if (this.#freshness.isDue(now)) this.#refresh(scope);
    return this.#age(now) <= this.#options.revalidateMs ? this.#held?.value : undefined;
  }

  /** The value as its source has it now. The held one goes on serving others, even when the source fails. */
  renew(scope: S): Promise<Reading<Value>> {
    this.#skipColo = true;
    return this.#refreshed(scope);
  }

  #age = (now = Date.now()): number => this.#freshness.age(now);

  /** The held value is too old to serve, unless the source fails or is slow. */
  async #wait(scope: S, held: Reading<Value> | undefined): Promise<Reading<Value>> {
    const askedAt = Date.now();
    if (!held) return this.#served(await this.#refreshed(scope), askedAt);
    const better = this.#refreshed(scope).catch(() => undefined);
    const awaitsFallback = this.#options.fallback && elapsed(held.readAt) >= FALLBACK_MS;
    const patience = awaitsFallback ? FALLBACK_PATIENCE_MS : PATIENCE_MS;
    return this.#served((await Promise.race([better, scheduler.wait(patience)])) ?? held, askedAt);
  }

  /** Counts a value served past its bound: the operator should know that its source does not answer. */
  #served(reading: Reading<Value>, askedAt: number): Reading<Value> {
    const { name, revalidateMs } = this.#options;
    if (askedAt - reading.readAt > revalidateMs) count("stale", name);
    return reading;
  }

  /** Starts a refresh behind the caller's back, unless one is under way. */
  #refresh(scope: S): void {
    this.#refreshes.start(scope, () => this.#renewed(scope))?.catch(() => {});
  }

  /** The outcome of a refresh: of this request's own, or of the one under way. */
  #refreshed(scope: S): Promise<Reading<Value>> {
    return this.#refreshes.join(scope, () => this.#renewed(scope));
  }

  async #renewed(scope: S): Promise<Reading<Value>> {
    const generation = this.#generation;
    try {
      const next = await Promise.race([this.#newest(scope), scheduler.wait(REFRESH_LIMIT_MS)]);
      if (!next) throw new Error(`no answer within ${REFRESH_LIMIT_MS} ms`);
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

  /** Holds a reading unless a younger one is held: a slow, abandoned refresh may still be the newest. */
  #hold(next: Reading<Value>): void {
    if (this.#age() < elapsed(next.readAt)) return;
    this.#held = next;
    this.#fault = undefined;
    this.#freshness.hold(next.readAt);
  }

  /** The colo's copy if it is fresh and younger than the held value, or else the source. */
  async #newest(scope: S): Promise<Reading<Value>> {
    const { freshMs, load, name } = this.#options;
    const copy = this.#skipColo ? undefined : await this.#copy(scope);
    // A copy that is held already must not count as news, or an isolate whose turn it is never reads the source.
    const younger = copy && elapsed(copy.readAt) < this.#age() ? copy : undefined;
    if (younger && elapsed(younger.readAt) < freshMs) return this.#built(scope, younger);
    this.#skipColo = false;
    const readAt = Date.now();
    try {
      return await this.#taken(scope, { raw: await load(scope), readAt });
    } catch (error) {
      count("degraded", name);
      log("shared.source_failed", { step: name, cause: causeOf(error) });
      return this.#instead(scope, error, younger);
    }
  }

  /** The source failed: whatever else there is, the youngest first. */
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

  /** A reading of a source: the whole colo gets a copy. */
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

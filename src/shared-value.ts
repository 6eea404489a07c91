// One value that all requests read and nobody owns: kept in the isolate, then in the colo's cache, then at
// its source. One refresh at a time; a stale value beats none. The catalog, the rules, the live stock and
// the identity provider's keys use it.
import type { Config } from "./config.ts";
import type { AppContext } from "./http.ts";
import { causeOf, log } from "./observability/log.ts";
import { count } from "./observability/metrics.ts";

/** What a read needs of the request it serves. */
export type Reader = Pick<AppContext, "env" | "get" | "executionCtx">;

export interface SharedValueOptions<Raw, Value> {
  /** Names it in the colo's cache and in metrics. */
  name: string;
  /** Up to this age it is used as it is. */
  freshMs: number;
  /** Up to this age it is still served while one caller refreshes it; beyond, callers wait. */
  revalidateMs: number;
  /** While the source fails, an old value serves up to this age. */
  staleMs: number;
  /** Reads the source. `Raw` must survive JSON. */
  load(c: Reader): Promise<Raw>;
  /** Makes of the raw form what callers use. */
  build(raw: Raw, c: Reader): Value | Promise<Value>;
  /**
   * Another source, asked while the first one fails and what is held is older than `FALLBACK_MS`. It gets
   * what is held, if that is usable.
   */
  fallback?(c: Reader, held: Value | undefined): Promise<Raw>;
}

/** What a reader gets. */
interface Reading<Value> {
  value: Value;
  /** When the source was read: milliseconds. */
  readAt: number;
}

/** What a source said, and when it was asked: as the colo's cache keeps it. */
interface Copy<Raw> {
  raw: Raw;
  readAt: number;
}

/**
 * A refresh under way, for other requests to look at. They never wait on its promise: that may not settle
 * when its owner is gone, and who waits on it can go on inside the owner's request, where their own
 * answer cannot be sent.
 */
interface Refresh<Value> {
  /** By then its owner may be gone, and with it the refresh: milliseconds. */
  abandonedAt: number;
  outcome?: { ok: true; next: Reading<Value> } | { ok: false; error: unknown };
}

/** Spreads the refreshes of many isolates: up to this share of `freshMs` is taken off. */
const JITTER = 0.25;
/** After a failure the source is left alone this long. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
/** Longer than a refresh usually takes. A slower one is kept all the same when it comes. */
const ABANDONED_MS = 1_000;
/** Then a refresh has failed, whatever it waits for. */
const REFRESH_LIMIT_MS = 2_500;
/** Who has an old value at hand waits this long for a better one. */
const PATIENCE_MS = 400;
/**
 * While the source fails, the fallback is asked about what is older than this, and at most so often: with
 * the way there and back a change shows within five seconds, and a crowd of isolates stays bearable.
 */
const FALLBACK_MS = 3_000;
/** What is this old is worth a longer wait, where there is a fallback to wait for. */
const FALLBACK_PATIENCE_MS = 1_500;
/** When those who wait for another request's refresh first look; then after twice as long each time. */
const FIRST_LOOK_MS = 10;

let refreshes = 0;

/** For tests: how many refreshes this isolate has under way, most of them behind an answer that has left. */
export const refreshesUnderWay = (): number => refreshes;

export class SharedValue<Raw, Value> {
  readonly #options: SharedValueOptions<Raw, Value>;
  #held: Reading<Value> | undefined;
  #freshUntil = 0;
  #underWay: Refresh<Value> | undefined;
  /** Why the last refresh failed; undefined after a good one. */
  #fault: unknown;
  /** Rises with every change we know of: what was read before it is not kept. */
  #generation = 0;
  #skipColo = false;
  /** When the fallback may be asked again: milliseconds. */
  #fallbackFrom = 0;

  constructor(options: SharedValueOptions<Raw, Value>) {
    this.#options = options;
  }

  /** After a change: the next read of this isolate goes to the source. Others follow in their time. */
  drop(): void {
    this.#generation += 1;
    this.#held = undefined;
    this.#underWay = undefined;
    this.#fault = undefined;
    this.#skipColo = true;
    this.#fallbackFrom = 0;
  }

  /** What is held, however old: for whom any value will do and none is worth a question. */
  get last(): Value | undefined {
    return this.#held?.value;
  }

  /** Whether what is held is beyond its bound, because the source does not answer. */
  get isOverdue(): boolean {
    return this.#held !== undefined && !isYounger(this.#held.readAt, this.#options.revalidateMs);
  }

  /**
   * The value for one request: at once, without a promise, while it is fresh.
   * @throws when neither the source nor the fallback answers and nothing usable is held; for a second
   *   then, without asking them again
   */
  read(c: Reader): Reading<Value> | Promise<Reading<Value>> {
    const now = Date.now();
    const held = this.#held;
    // Below zero the clock was set back, and no age means anything.
    const age = held ? now - held.readAt : 0;
    const { revalidateMs, staleMs } = this.#options;
    const usable = held && age >= 0 && age < staleMs ? held : undefined;
    if (!usable && this.#fault && this.#isPause(now)) throw this.#fault;
    if (!usable || (now >= this.#freshUntil && age >= revalidateMs))
      return this.#wait(c, now, usable);
    if (now >= this.#freshUntil) this.#refresh(c);
    return this.#told(usable, now);
  }

  /**
   * The value if it is at hand and within its bound, without waiting for anything. Asking keeps it
   * fresh: a refresh starts behind the caller's back when it is due.
   */
  peek(c: Reader): Value | undefined {
    const now = Date.now();
    const held = this.#held;
    const age = held ? now - held.readAt : 0;
    if (now >= this.#freshUntil || age < 0) this.#refresh(c);
    return held && age >= 0 && age <= this.#options.revalidateMs ? held.value : undefined;
  }

  /** The value as the source has it now. What is held goes on serving others, also when the source fails. */
  renew(c: Reader): Promise<Reading<Value>> {
    this.#skipColo = true;
    return this.#refreshed(c);
  }

  #isPause(now: number): boolean {
    const left = this.#freshUntil - now;
    return left > 0 && left <= PAUSE_AFTER_FAILURE_MS; // a longer one began before the clock was set back
  }

  /** After a failure. What was renewed early is fresh still: then its source has time until it is due. */
  #pause(): void {
    const now = Date.now();
    if (this.#trusted() && now < this.#freshUntil) return;
    this.#freshUntil = now + PAUSE_AFTER_FAILURE_MS;
  }

  /** What is held, unless it is from the future: then the clock was set back. */
  #trusted(): Reading<Value> | undefined {
    return this.#held && this.#held.readAt <= Date.now() ? this.#held : undefined;
  }

  /** What is held is too old to use, unless the source fails or is slow. */
  async #wait(c: Reader, now: number, held: Reading<Value> | undefined): Promise<Reading<Value>> {
    if (!held) return this.#told(await this.#refreshed(c), now);
    const better = this.#refreshed(c).catch(() => undefined);
    const awaitsFallback = this.#options.fallback && !isYounger(held.readAt, FALLBACK_MS);
    const patience = awaitsFallback ? FALLBACK_PATIENCE_MS : PATIENCE_MS;
    return this.#told((await Promise.race([better, scheduler.wait(patience)])) ?? held, now);
  }

  /** A value beyond its bound is served because the source does not answer: the operator should know. */
  #told(reading: Reading<Value>, now: number): Reading<Value> {
    const { name, revalidateMs } = this.#options;
    if (now - reading.readAt > revalidateMs) count("stale", name);
    return reading;
  }

  /** One at a time for the isolate: undefined while another request's is under way. */
  #refresh(c: Reader): Promise<Reading<Value>> | undefined {
    const now = Date.now();
    if (this.#underWay && now < this.#underWay.abandonedAt) return undefined;
    const refresh: Refresh<Value> = { abandonedAt: now + ABANDONED_MS };
    const generation = this.#generation;
    this.#underWay = refresh;
    refreshes += 1;
    const mine = this.#renewed(c)
      .then(
        (next) => {
          refresh.outcome = { ok: true, next };
          if (generation === this.#generation) this.#keep(next);
          return next;
        },
        (error) => {
          refresh.outcome = { ok: false, error };
          if (this.#underWay === refresh) {
            this.#fault = error;
            this.#pause();
          }
          throw error;
        },
      )
      .finally(() => {
        refreshes -= 1;
        if (this.#underWay === refresh) this.#underWay = undefined;
      });
    // Keeps it alive when its starter goes away.
    c.executionCtx.waitUntil(mine.catch(() => {}));
    return mine;
  }

  async #renewed(c: Reader): Promise<Reading<Value>> {
    const next = await Promise.race([this.#renew(c), scheduler.wait(REFRESH_LIMIT_MS)]);
    if (!next) throw new Error(`no answer within ${REFRESH_LIMIT_MS} ms`);
    return next;
  }

  /** Also of refreshes that were given up: a slow one may be the newest there is. */
  #keep(next: Reading<Value>): void {
    if ((this.#trusted()?.readAt ?? 0) > next.readAt) return;
    const fresh = this.#options.freshMs * (1 - JITTER * Math.random());
    const old = !isYounger(next.readAt, this.#options.freshMs);
    this.#held = next;
    this.#fault = undefined;
    // An old copy of the colo's means that the source is failing: it is asked again after a pause.
    this.#freshUntil = old ? Date.now() + PAUSE_AFTER_FAILURE_MS : next.readAt + fresh;
    // The colo's copy was still fresh: without the jitter, then, or the next read would ask at once again.
    if (!old && this.#freshUntil <= Date.now()) {
      this.#freshUntil = next.readAt + this.#options.freshMs;
    }
  }

  async #renew(c: Reader): Promise<Reading<Value>> {
    const { freshMs, load, name } = this.#options;
    const held = this.#trusted();
    const colo = this.#skipColo ? undefined : await this.#fromColo(c);
    // What is held already must not be taken again, or an isolate whose turn it is never asks.
    const isNews = colo !== undefined && !(held && held.readAt >= colo.readAt);
    if (isNews && isYounger(colo.readAt, freshMs)) return this.#built(c, colo);
    this.#skipColo = false;
    const readAt = Date.now();
    try {
      return await this.#taken(c, { raw: await load(c), readAt });
    } catch (error) {
      count("degraded", name);
      log("shared.source_failed", { step: name, cause: causeOf(error) });
      return this.#instead(c, error, held, isNews ? colo : undefined);
    }
  }

  /** The source failed: what else there is, the newest first. */
  async #instead(
    c: Reader,
    error: unknown,
    held: Reading<Value> | undefined,
    colo: Copy<Raw> | undefined,
  ): Promise<Reading<Value>> {
    const { staleMs, fallback } = this.#options;
    const now = Date.now();
    const isUsable = held && isYounger(held.readAt, staleMs);
    const asks = fallback && (!isUsable || this.#mayFallBack(now));
    const bound = asks ? FALLBACK_MS : staleMs;
    if (colo && isYounger(colo.readAt, bound)) return this.#built(c, colo);
    if (held && isYounger(held.readAt, bound)) throw error;
    if (asks) {
      this.#fallbackFrom = now + FALLBACK_MS;
      const raw = await fallback(c, isUsable ? held.value : undefined).catch(() => undefined);
      if (raw !== undefined) return this.#taken(c, { raw, readAt: now });
    }
    if (colo && isYounger(colo.readAt, staleMs)) return this.#built(c, colo);
    throw error;
  }

  /** A longer wait than usual began before the clock was set back. */
  #mayFallBack(now: number): boolean {
    const wait = this.#fallbackFrom - now;
    return wait <= 0 || wait > FALLBACK_MS;
  }

  /** Of a source, so that the whole colo has it. */
  #taken(c: Reader, copy: Copy<Raw>): Promise<Reading<Value>> {
    c.executionCtx.waitUntil(this.#toColo(c, copy));
    return this.#built(c, copy);
  }

  async #built(c: Reader, { raw, readAt }: Copy<Raw>): Promise<Reading<Value>> {
    return { value: await this.#options.build(raw, c), readAt };
  }

  /** The outcome of a refresh: of one's own, or of the one that is under way. */
  async #refreshed(c: Reader): Promise<Reading<Value>> {
    const before = this.#held;
    for (;;) {
      const mine = this.#refresh(c);
      if (mine) return mine;
      const other = this.#underWay;
      // Also counted by its own waits: a clock that is set back keeps nobody here.
      for (let ms = FIRST_LOOK_MS; ms < REFRESH_LIMIT_MS && isAwaited(other); ms *= 2) {
        await scheduler.wait(ms);
      }
      const outcome = other?.outcome;
      if (outcome?.ok) return outcome.next;
      if (outcome) throw outcome.error;
      if (this.#held && this.#held !== before) return this.#held;
      // Abandoned: the first who finds out takes its place.
      if (this.#underWay === other) this.#underWay = undefined;
    }
  }

  async #fromColo(c: Reader): Promise<Copy<Raw> | undefined> {
    try {
      const response = await caches.default.match(coloKey(c.get("config"), this.#options.name));
      return response && ((await response.json()) as Copy<Raw>);
    } catch {
      return undefined; // a cache that fails is a cache that misses
    }
  }

  async #toColo(c: Reader, copy: Copy<Raw>): Promise<void> {
    const maxAge = Math.ceil(this.#options.staleMs / 1_000);
    const headers = { "Cache-Control": `max-age=${maxAge}`, "Content-Type": "application/json" };
    const response = new Response(JSON.stringify(copy), { headers });
    await caches.default
      .put(coloKey(c.get("config"), this.#options.name), response)
      .catch(() => {});
  }
}

/** Where the colo keeps a value. One zone can have several deployments, each with a source of its own. */
export const coloKey = (
  {
    UPSTASH_REDIS_REST_URL: url,
    REDIS_PREFIX: prefix,
  }: Pick<Config, "UPSTASH_REDIS_REST_URL" | "REDIS_PREFIX">,
  name: string,
): string => `https://shared.invalid/${encodeURIComponent(url)}/${prefix}${name}`;

const isAwaited = (refresh: Refresh<unknown> | undefined): boolean =>
  refresh !== undefined && !refresh.outcome && Date.now() < refresh.abandonedAt;

/** A time in the future is a clock that was set back: not to be trusted. */
const isYounger = (readAt: number, ms: number): boolean => {
  const age = Date.now() - readAt;
  return age >= 0 && age < ms;
};

// One value that all requests read and nobody owns: kept in the isolate, then in the colo's cache, then at
// its source. One refresh at a time; a stale value beats none. The catalog and the live stock use it.
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
  build(raw: Raw): Value;
  /** Asked when the source fails and no usable value is held. */
  fallback?(c: Reader): Promise<Raw>;
}

interface Held<Value> {
  value: Value;
  /** When the source was read: milliseconds. */
  readAt: number;
}

/** What a reader gets. `stale`: the source failed, and the value is older than its bound. */
interface Reading<Value> extends Held<Value> {
  stale: boolean;
}

/**
 * A refresh under way, for other requests to look at. They never wait on its promise: that may not settle
 * when its owner is gone, and who waits on it can go on inside the owner's request, where their own
 * answer cannot be sent.
 */
interface Refresh<Value> {
  /** By then its owner is gone, and with it the refresh: milliseconds. */
  abandonedAt: number;
  outcome?: { ok: true; next: Held<Value> } | { ok: false; error: unknown };
}

/** Spreads the refreshes of many isolates: up to this share of `freshMs` is taken off. */
const JITTER = 0.25;
/** After a failure the source is left alone this long. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
/** Longer than a refresh takes. */
const ABANDONED_MS = 1_000;
/** When those who wait for another request's refresh first look; then after twice as long each time. */
const FIRST_LOOK_MS = 10;

export class SharedValue<Raw, Value> {
  readonly #options: SharedValueOptions<Raw, Value>;
  #held: Reading<Value> | undefined;
  #freshUntil = 0;
  #underWay: Refresh<Value> | undefined;
  #skipColo = false;

  constructor(options: SharedValueOptions<Raw, Value>) {
    this.#options = options;
  }

  /** After a change: the next read of this isolate goes to the source. Others follow in their time. */
  drop(): void {
    this.#held = undefined;
    this.#underWay = undefined;
    this.#skipColo = true;
  }

  /**
   * The value for one request: at once, without a promise, while it is fresh.
   * @throws when neither the source nor the fallback answers and nothing usable is held
   */
  read(c: Reader): Reading<Value> | Promise<Reading<Value>> {
    const now = Date.now();
    const held = this.#held;
    // Below zero the clock was set back, and no age means anything.
    const age = held ? now - held.readAt : 0;
    const { revalidateMs, staleMs } = this.#options;
    const usable = held && age >= 0 && age < staleMs ? held : undefined;
    if (!usable || (now >= this.#freshUntil && age >= revalidateMs)) {
      return this.#wait(c, now, usable);
    }
    if (now >= this.#freshUntil) this.#refresh(c);
    return age > revalidateMs ? { ...usable, stale: true } : usable;
  }

  /** What is held is too old to use, unless the source fails. */
  async #wait(c: Reader, now: number, held?: Held<Value>): Promise<Reading<Value>> {
    try {
      const { value, readAt } = await this.#refreshed(c);
      return { value, readAt, stale: now - readAt > this.#options.revalidateMs };
    } catch (error) {
      if (held) return { ...held, stale: true };
      throw error;
    }
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

  /** One at a time for the isolate: undefined while another request's is under way. */
  #refresh(c: Reader): Promise<Held<Value>> | undefined {
    const now = Date.now();
    if (this.#underWay && now < this.#underWay.abandonedAt) return undefined;
    const refresh: Refresh<Value> = { abandonedAt: now + ABANDONED_MS };
    this.#underWay = refresh;
    const mine = this.#renew(c)
      .then(
        (next) => {
          refresh.outcome = { ok: true, next };
          if (this.#underWay === refresh) this.#keep(next);
          return next;
        },
        (error) => {
          refresh.outcome = { ok: false, error };
          if (this.#underWay === refresh) this.#freshUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
          throw error;
        },
      )
      .finally(() => {
        if (this.#underWay === refresh) this.#underWay = undefined;
      });
    // Keeps it alive when its starter goes away.
    c.executionCtx.waitUntil(mine.catch(() => {}));
    return mine;
  }

  #keep(next: Held<Value>): void {
    const fresh = this.#options.freshMs * (1 - JITTER * Math.random());
    const old = !isYounger(next.readAt, this.#options.freshMs);
    this.#held = { ...next, stale: false };
    // An old copy of the colo's means that the source is failing: it is asked again after a pause.
    this.#freshUntil = old ? Date.now() + PAUSE_AFTER_FAILURE_MS : next.readAt + fresh;
  }

  async #renew(c: Reader): Promise<Held<Value>> {
    const { freshMs, staleMs, load, build, fallback, name } = this.#options;
    const colo = this.#skipColo ? undefined : await this.#fromColo();
    if (colo && isYounger(colo.readAt, freshMs)) return { ...colo, value: build(colo.raw) };
    this.#skipColo = false;
    const readAt = Date.now();
    try {
      const raw = await load(c);
      c.executionCtx.waitUntil(this.#toColo(raw, readAt));
      return { value: build(raw), readAt };
    } catch (error) {
      count("degraded", name);
      log("shared.source_failed", { step: name, cause: causeOf(error) });
      if (this.#held && isYounger(this.#held.readAt, staleMs)) throw error;
      if (colo && isYounger(colo.readAt, staleMs)) return { ...colo, value: build(colo.raw) };
      if (!fallback) throw error;
      return { value: build(await fallback(c)), readAt };
    }
  }

  /** The outcome of a refresh: of one's own, or of the one that is under way. */
  async #refreshed(c: Reader): Promise<Held<Value>> {
    for (;;) {
      const mine = this.#refresh(c);
      if (mine) return mine;
      const other = this.#underWay;
      for (let ms = FIRST_LOOK_MS; other && !other.outcome && ms < ABANDONED_MS; ms *= 2) {
        await scheduler.wait(ms);
      }
      const outcome = other?.outcome;
      if (outcome?.ok) return outcome.next;
      if (outcome) throw outcome.error;
      // Abandoned: the first who finds out takes its place.
      if (this.#underWay === other) this.#underWay = undefined;
    }
  }

  get #coloKey(): string {
    return `https://shared.invalid/${this.#options.name}`;
  }

  async #fromColo(): Promise<{ raw: Raw; readAt: number } | undefined> {
    try {
      const response = await caches.default.match(this.#coloKey);
      return response && ((await response.json()) as { raw: Raw; readAt: number });
    } catch {
      return undefined; // a cache that fails is a cache that misses
    }
  }

  async #toColo(raw: Raw, readAt: number): Promise<void> {
    const maxAge = Math.ceil(this.#options.staleMs / 1_000);
    const headers = { "Cache-Control": `max-age=${maxAge}`, "Content-Type": "application/json" };
    const response = new Response(JSON.stringify({ raw, readAt }), { headers });
    await caches.default.put(this.#coloKey, response).catch(() => {});
  }
}

/** A time in the future is a clock that was set back: not to be trusted. */
const isYounger = (readAt: number, ms: number): boolean => {
  const age = Date.now() - readAt;
  return age >= 0 && age < ms;
};

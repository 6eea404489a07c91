// The identity provider's public keys (JWKS): fetched once for all requests, and used while the provider is down.
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from "jose";
import { memory } from "../edge/memory.ts";
import type { EdgeScope } from "../edge/scope.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { withTimeLimit } from "../time-limit.ts";
import { TokenBucket } from "../token-bucket.ts";

type FindKey = ReturnType<typeof createLocalJWKSet>;

const FRESH_MS = 600_000;
/** How long cached keys are used while the provider is down: a day. */
const STALE_MS = 86_400_000;
const FETCH_TIMEOUT_MS = 2_000;
/** How long no fetch is forced after a failed one. */
const PAUSE_MS = 5_000;
/** How long a key that the provider did not have counts as missing, before a token can force another fetch. */
const MISSING_MS = 30_000;
/**
 * Limits forced fetches. An unknown key may be new, so it is worth a fetch. But forged tokens can name any number of
 * keys, so an isolate forces at most seven fetches a minute.
 */
const FORCED = { burst: 3, everyMs: 15_000 };

/** The key of a token cannot be fetched now. Not the caller's fault. */
export class KeysUnavailable extends Error {
  readonly retryAfterSeconds: number;

  constructor(waitMs: number, cause?: unknown) {
    super("", { cause });
    this.retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  }
}

/** Keys the provider did not have, by its URL and the key id, or the token if that names no key. */
const missing = memory<true>("missingKeys");

/** A fetch from the provider. `at` is its start, in milliseconds since 1970. */
interface Fetch {
  at: number;
  outcome: "pending" | "succeeded" | "failed";
}

/** The cached key set of one provider. */
class KeySet {
  readonly #shared: SwrCache<JSONWebKeySet, FindKey>;
  #lastFetch: Fetch = { at: 0, outcome: "succeeded" };
  readonly #url: string;
  readonly #budget = new TokenBucket(FORCED);

  constructor(url: string) {
    this.#url = url;
    this.#shared = new SwrCache({
      name: `keys/${url}`,
      freshMs: FRESH_MS,
      revalidateMs: FRESH_MS,
      staleMs: STALE_MS,
      load: () => this.#fetch(url),
      build: buildSet,
    });
  }

  async #fetch(url: string): Promise<JSONWebKeySet> {
    const current: Fetch = { at: Date.now(), outcome: "pending" };
    this.#lastFetch = current;
    try {
      const set = await fetchKeys(url);
      current.outcome = "succeeded";
      return set;
    } catch (error) {
      current.outcome = "failed";
      throw error;
    }
  }

  /** @throws KeysUnavailable if the token's key may be a new one that cannot be fetched now */
  async verify(
    scope: EdgeScope,
    token: string,
    options: JWTVerifyOptions,
  ): Promise<JWTVerifyResult> {
    const before = this.#lastFetch;
    try {
      return await verifyWith(await this.#cached(scope), token, options);
    } catch (error) {
      if (!mayBeNewKey(error, token)) throw error;
      const id = `${this.#url} ${decodeProtectedHeader(token).kid ?? token}`;
      // The set was fetched during this call, so another fetch would not find the key.
      if (this.#lastFetch !== before) missing.set(id, true);
      if (this.#isMissing(id)) throw error;
      return await this.#verifyAfterFetch(scope, token, options, id);
    }
  }

  /** Forces a fetch, because the token's key may be new, and verifies the token again. */
  async #verifyAfterFetch(scope: EdgeScope, token: string, options: JWTVerifyOptions, id: string) {
    const before = this.#lastFetch;
    const fetched = await this.#forceFetch(scope);
    try {
      return await verifyWith(fetched, token, options);
    } catch (error) {
      if (!mayBeNewKey(error, token)) throw error;
      // This call joined a fetch that started earlier, whose result may be older than the key.
      if (this.#lastFetch === before) throw new KeysUnavailable(0);
      missing.set(id, true);
      throw error;
    }
  }

  async #cached(scope: EdgeScope): Promise<FindKey> {
    try {
      return (await this.#shared.read(scope)).value;
    } catch (cause) {
      throw new KeysUnavailable(PAUSE_MS, cause);
    }
  }

  /** Whether the last successful fetch was recent and the provider did not have the key. */
  #isMissing(id: string): boolean {
    return missing.has(id) && this.#lastFetch.outcome === "succeeded" && this.#isWithin(MISSING_MS);
  }

  /** Whether the last fetch started less than `ms` ago. False if the clock was set back since. */
  #isWithin(ms: number): boolean {
    const age = Date.now() - this.#lastFetch.at;
    return age >= 0 && age < ms;
  }

  /** Fetches the keys now. Callers with unknown keys share one fetch; other callers do not wait for it. */
  async #forceFetch(scope: EdgeScope): Promise<FindKey> {
    const { at, outcome } = this.#lastFetch;
    if (outcome === "failed" && this.#isWithin(PAUSE_MS)) {
      throw new KeysUnavailable(at + PAUSE_MS - Date.now());
    }
    const waitMs = outcome === "succeeded" ? this.#budget.take(Date.now()) : 0;
    if (waitMs > 0) throw new KeysUnavailable(waitMs);
    try {
      return (await this.#shared.renew(scope)).value;
    } catch (cause) {
      throw new KeysUnavailable(PAUSE_MS, cause);
    }
  }
}

/**
 * Builds the key lookup. `EdDSA` and `Ed25519` (RFC 9864) name one algorithm, so an Ed25519 key must verify both,
 * whichever name the set gives it.
 */
const buildSet = ({ keys }: JSONWebKeySet): FindKey =>
  createLocalJWKSet({
    keys: keys.map((key) => {
      const { alg: _, ...withoutAlgorithm } = key;
      return key.crv === "Ed25519" ? withoutAlgorithm : key;
    }),
  });

/** Fetches a key set. @throws if the provider does not answer with a valid one */
export async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const set = await withTimeLimit(FETCH_TIMEOUT_MS, async (signal) => {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the key set answered ${response.status}`);
    return (await response.json()) as JSONWebKeySet;
  });
  createLocalJWKSet(set); // throws if malformed, so the last valid set stays in use
  return set;
}

const sets = new Map<string, KeySet>();

/**
 * Verifies a token with the provider's keys. Fetches the keys again if the token's key may be a new one.
 *
 * @throws KeysUnavailable if the keys cannot be fetched now; jose's errors if the token is invalid
 */
export function verifyBySet(
  scope: EdgeScope,
  url: string,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  const set = sets.get(url) ?? new KeySet(url);
  sets.set(url, set);
  return set.verify(scope, token, options);
}

/** Verifies a token. If the token names no key, tries each key of its type. */
async function verifyWith(find: FindKey, token: string, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, find, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (fault) {
        if (!(fault instanceof errors.JWSSignatureVerificationFailed)) throw fault;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Whether the set may lack the token's key: no key matches, or the token names none and no key verifies it. */
const mayBeNewKey = (error: unknown, token: string): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  (error instanceof errors.JWSSignatureVerificationFailed &&
    decodeProtectedHeader(token).kid === undefined);

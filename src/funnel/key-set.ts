// The identity provider's public keys: read once for all requests, kept while the provider does not answer.
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
import { TokenBucket } from "./token-bucket.ts";

type FindKey = ReturnType<typeof createLocalJWKSet>;

const FRESH_MS = 600_000;
/** Without their provider, known keys serve for a day. */
const STALE_MS = 86_400_000;
const LIMIT_MS = 2_000;
/** A provider that failed is left alone this long. */
const PAUSE_MS = 5_000;
/** A key that the provider did not have is asked for again after this long. */
const MISSING_MS = 30_000;
/**
 * A key we do not know may be new, so it is worth a question. Forged tokens name as many keys as they like:
 * they make an isolate ask at most seven times in a minute.
 */
const FORCED = { burst: 3, everyMs: 15_000 };

/** The provider cannot be asked now about the key of a token: not the caller's fault. */
export class KeysUnavailable extends Error {
  readonly retryAfterSeconds: number;

  constructor(waitMs: number, cause?: unknown) {
    super("", { cause });
    this.retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  }
}

/** Keys that the provider did not have when it was asked for them: by address, and name or token. */
const missing = memory<true>("keys");

/** When the provider was asked, and what became of it. */
interface Question {
  at: number;
  outcome: "pending" | "answered" | "failed";
}

/** What an isolate knows of the one provider it is configured with. */
class KeySet {
  readonly #shared: SwrCache<JSONWebKeySet, FindKey>;
  /** The last one to the provider. */
  #asked: Question = { at: 0, outcome: "answered" };
  readonly #url: string;
  readonly #budget = new TokenBucket(FORCED);

  constructor(url: string) {
    this.#url = url;
    this.#shared = new SwrCache({
      name: `keys/${url}`,
      freshMs: FRESH_MS,
      revalidateMs: FRESH_MS,
      staleMs: STALE_MS,
      load: () => this.#ask(url),
      build: buildSet,
    });
  }

  async #ask(url: string): Promise<JSONWebKeySet> {
    const asked: Question = { at: Date.now(), outcome: "pending" };
    this.#asked = asked;
    try {
      const set = await fetchKeys(url);
      asked.outcome = "answered";
      return set;
    } catch (error) {
      asked.outcome = "failed";
      throw error;
    }
  }

  /** @throws KeysUnavailable when the key of the token may be good and the provider cannot be asked */
  async verify(
    scope: EdgeScope,
    token: string,
    options: JWTVerifyOptions,
  ): Promise<JWTVerifyResult> {
    const before = this.#asked;
    try {
      return await tryKeys(await this.#known(scope), token, options);
    } catch (error) {
      if (!mayBeNewKey(error, token)) throw error;
      const id = `${this.#url} ${decodeProtectedHeader(token).kid ?? token}`;
      // An answer that came while the token waited is as new as it can be.
      if (this.#asked !== before) missing.set(id, true);
      if (this.#isMissing(id)) throw error;
      return await this.#verifyByNews(scope, token, options, id);
    }
  }

  /** Asks the provider, because the key may be new to us. */
  async #verifyByNews(scope: EdgeScope, token: string, options: JWTVerifyOptions, id: string) {
    const before = this.#asked;
    const renewed = await this.#renewed(scope);
    try {
      return await tryKeys(renewed, token, options);
    } catch (error) {
      if (!mayBeNewKey(error, token)) throw error;
      // The answer to an older question may be older than the key.
      if (this.#asked === before) throw new KeysUnavailable(0);
      missing.set(id, true);
      throw error;
    }
  }

  async #known(scope: EdgeScope): Promise<FindKey> {
    try {
      return (await this.#shared.read(scope)).value;
    } catch (cause) {
      throw new KeysUnavailable(PAUSE_MS, cause);
    }
  }

  /** Whether the provider, not long ago, had no key by that name. */
  #isMissing(id: string): boolean {
    return missing.has(id) && this.#asked.outcome === "answered" && this.#isWithin(MISSING_MS);
  }

  /** Whether the last question is younger than this. One from the future is not: the clock was set back. */
  #isWithin(ms: number): boolean {
    const age = Date.now() - this.#asked.at;
    return age >= 0 && age < ms;
  }

  /** The keys as the provider has them now. Callers who wait share one question; no other caller waits. */
  async #renewed(scope: EdgeScope): Promise<FindKey> {
    const { at, outcome } = this.#asked;
    if (outcome === "failed" && this.#isWithin(PAUSE_MS)) {
      throw new KeysUnavailable(at + PAUSE_MS - Date.now());
    }
    const waitMs = outcome === "answered" ? this.#budget.take(Date.now()) : 0;
    if (waitMs > 0) throw new KeysUnavailable(waitMs);
    try {
      return (await this.#shared.renew(scope)).value;
    } catch (cause) {
      throw new KeysUnavailable(PAUSE_MS, cause);
    }
  }
}

/** `EdDSA` and `Ed25519` (RFC 9864) are one algorithm: such a key verifies both, whichever name its set uses. */
const buildSet = ({ keys }: JSONWebKeySet): FindKey =>
  createLocalJWKSet({
    keys: keys.map((key) => {
      const { alg: _, ...nameless } = key;
      return key.crv === "Ed25519" ? nameless : key;
    }),
  });

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!response.ok) throw new Error(`the key set answered ${response.status}`);
  const set = (await response.json()) as JSONWebKeySet;
  createLocalJWKSet(set); // throws when it is none, and then the last one goes on being used
  return set;
}

const sets = new Map<string, KeySet>();

/**
 * Verifies a token by the provider's keys; asks the provider once more when its key may be a new one.
 * @throws KeysUnavailable when that cannot be known now, and what jose throws when the token is not good
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

/** A token need not name its key: then each one of its kind is tried. */
async function tryKeys(find: FindKey, token: string, options: JWTVerifyOptions) {
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

/** No key of the set is the one that is named; or none is named, and none of them has signed. */
const mayBeNewKey = (error: unknown, token: string): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  (error instanceof errors.JWSSignatureVerificationFailed &&
    decodeProtectedHeader(token).kid === undefined);

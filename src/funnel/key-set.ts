// The identity provider's public keys: read once for all requests, kept while the provider does not answer.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { type Reader, SharedValue } from "../shared-value.ts";

type FindKey = ReturnType<typeof createLocalJWKSet>;

const FRESH_MS = 600_000;
/** Without their provider, known keys serve for a day. */
const STALE_MS = 86_400_000;
const LIMIT_MS = 2_000;
/** A key we do not know may be new: ask again, but not for every forged token. */
const PAUSE_MS = 30_000;

/** The provider does not answer and its keys were never seen: not the fault of who asks. */
export class KeysUnavailable extends Error {}

/** What an isolate knows of the one provider it is configured with. */
class KeySet {
  readonly #shared: SharedValue<JSONWebKeySet, FindKey>;
  #last: FindKey | undefined;
  #askedAt = 0;

  constructor(url: string) {
    this.#shared = new SharedValue({
      name: `keys/${url}`,
      freshMs: FRESH_MS,
      revalidateMs: FRESH_MS,
      staleMs: STALE_MS,
      load: () => {
        this.#askedAt = Date.now();
        return fetchKeys(url);
      },
      build: createLocalJWKSet,
    });
  }

  async find(c: Reader): Promise<FindKey> {
    try {
      this.#last = (await this.#shared.read(c)).value;
    } catch (error) {
      if (!this.#last) throw new KeysUnavailable("", { cause: error });
    }
    return this.#last;
  }

  /** Asks the provider itself, unless that was done a moment ago; then undefined. */
  async renewed(c: Reader): Promise<FindKey | undefined> {
    const waited = Date.now() - this.#askedAt;
    if (waited >= 0 && waited < PAUSE_MS) return undefined;
    this.#askedAt = Date.now();
    this.#shared.drop();
    return this.find(c);
  }
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!response.ok) throw new Error(`the key set answered ${response.status}`);
  const set = (await response.json()) as JSONWebKeySet;
  createLocalJWKSet(set); // throws when it is none, and then the last one goes on being used
  return set;
}

const sets = new Map<string, KeySet>();

/** Looks a token's key up among the provider's; asks the provider once more for a key nobody knows. */
export function keyFromSet(c: Reader, url: string): JWTVerifyGetKey {
  const set = sets.get(url) ?? new KeySet(url);
  sets.set(url, set);
  return async (header, token) => {
    const find = await set.find(c);
    try {
      return await find(header, token);
    } catch (error) {
      const renewed = error instanceof errors.JWKSNoMatchingKey && (await set.renewed(c));
      if (!renewed) throw error;
      return renewed(header, token);
    }
  };
}

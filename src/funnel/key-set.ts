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
import { type Scope, SwrCache } from "../edge/swr-cache.ts";

type FindKey = ReturnType<typeof createLocalJWKSet>;

const FRESH_MS = 600_000;
/** Without their provider, known keys serve for a day. */
const STALE_MS = 86_400_000;
const LIMIT_MS = 2_000;
/** A key we do not know may be new: ask again, but not for every forged token. */
const PAUSE_MS = { answered: 30_000, failed: 5_000 };
export const RETRY_SECONDS = PAUSE_MS.failed / 1_000;

/** The provider does not answer, and the key of a token was never seen: not the fault of who asks. */
export class KeysUnavailable extends Error {}

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

  constructor(url: string) {
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

  async find(c: Scope): Promise<FindKey> {
    try {
      return (await this.#shared.read(c)).value;
    } catch (cause) {
      throw new KeysUnavailable("", { cause });
    }
  }

  /**
   * The keys as the provider has them now; undefined when it told them a moment ago. Those who wait share
   * one question, and nobody else waits for it.
   * @throws KeysUnavailable when it does not answer, or did not a moment ago
   */
  async renewed(c: Scope): Promise<FindKey | undefined> {
    const { at, outcome } = this.#asked;
    const waited = Date.now() - at;
    if (outcome !== "pending" && waited >= 0 && waited < PAUSE_MS[outcome]) {
      if (outcome === "failed") throw new KeysUnavailable();
      return undefined;
    }
    try {
      return (await this.#shared.renew(c)).value;
    } catch (cause) {
      throw new KeysUnavailable("", { cause });
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
export async function verifyBySet(
  c: Scope,
  url: string,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  const set = sets.get(url) ?? new KeySet(url);
  sets.set(url, set);
  try {
    return await tryKeys(await set.find(c), token, options);
  } catch (error) {
    const renewed = mayBeNewKey(error, token) && (await set.renewed(c));
    if (!renewed) throw error;
    return tryKeys(renewed, token, options);
  }
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

// Who may already have an order for a SKU, small enough to tell every edge. Edges refuse the crowd with
// "sold out" from memory; but a buyer who retries has an answer waiting, and must get through to it.

/** Beyond this many buyers (75 KB) they are not told, and every attempt asks the object. */
export const MAX_TOLD_BUYERS = 50_000;

/**
 * A Bloom filter with twelve bits a buyer and eight looks: it knows every buyer, and takes one stranger in
 * three hundred for one, who then only asks the object an unneeded question. Never so small that a few
 * thousand buyers are not told apart from everybody else.
 */
const BITS_EACH = 12;
const LOOKS = 8;
const MIN_BYTES = 4_096;

/** 32-bit FNV-1a of a user id. Two users that collide are one to the filter: no harm either. */
export function buyerHash(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i += 1) {
    hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** Buyers, as an edge knows them. */
export class BuyerFilter {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static of(hashes: ReadonlySet<number>): BuyerFilter {
    const bytes = new Uint8Array(Math.max(MIN_BYTES, Math.ceil((hashes.size * BITS_EACH) / 8)));
    for (const hash of hashes) {
      for (const bit of looks(hash, bytes.length * 8)) set(bytes, bit);
    }
    return new BuyerFilter(bytes);
  }

  /** Undefined when the text is none of ours: a filter without its buyers would refuse them. */
  static parse(text: string): BuyerFilter | undefined {
    try {
      const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
      return bytes.length < MIN_BYTES ? undefined : new BuyerFilter(bytes);
    } catch {
      return undefined;
    }
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  toString(): string {
    let text = "";
    for (const byte of this.#bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }

  /** Whether this may be a buyer's hash; never false for one. */
  mayHave(hash: number): boolean {
    for (const bit of looks(hash, this.#bytes.length * 8)) {
      if (!isSet(this.#bytes, bit)) return false;
    }
    return true;
  }
}

/** The bits of a hash: two hashes made of one stand for all (Kirsch and Mitzenmacher, 2006). */
function* looks(hash: number, bits: number): Generator<number> {
  const step = mixed(hash) | 1;
  for (let i = 0; i < LOOKS; i += 1) yield ((hash + Math.imul(i, step)) >>> 0) % bits;
}

/** The finaliser of MurmurHash3: spreads 32 bits. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const set = (bytes: Uint8Array, bit: number): void => {
  bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
};
const isSet = (bytes: Uint8Array, bit: number): boolean =>
  ((bytes[bit >> 3] as number) & (1 << (bit & 7))) !== 0;

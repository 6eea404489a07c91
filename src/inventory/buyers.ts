// Who may already have an order for a SKU, small enough to tell every edge. Edges refuse the crowd with
// "sold out" from memory; but a buyer who retries has an answer waiting, and must get through to it.
import { decodeBase64, encodeBase64 } from "hono/utils/encode";

/** Of hash and filter. An edge that reads another one knows no buyers, and asks the object. */
const FORMAT = 2;
/** Buyers that are told one by one, beside the filter: about two kilobytes. */
export const MAX_RECENT = 128;
/** Buyers that are told at all: with more, four megabytes of filter, every attempt asks the object. */
export const MAX_PUBLISHED = 4_000_000;
/** A filter takes one stranger in fifty for a buyer, who then asks the object in vain. */
const BITS_EACH = 8;
const LOOKS = 6;
/** Hashes put into a filter before the object answers others again: a millisecond or two. */
const SLICE = 10_000;

/**
 * 53 bits of a user id: two lanes of FNV-1a with different primes, each mixed into the other at the end. It
 * is not keyed: an attacker who finds ids that collide with a buyer's only makes the edge ask the object.
 */
export function buyerHash(userId: string): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < userId.length; i += 1) {
    const unit = userId.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  const high = mixed(b ^ mixed(a));
  return (high & 0x1fffff) * 2 ** 32 + mixed(a ^ high);
}

/** What edges are told of a sold-out SKU's buyers: the first `base` are in its filter. */
export interface BuyerSummary {
  format: number;
  base: number;
  /** Hashes of those who came after. */
  recent: number[];
}

/** Whether what is told means to this version what it meant to its author. */
export const isReadable = ({ format, base }: BuyerSummary): boolean =>
  format === FORMAT && base <= MAX_PUBLISHED;

/** Everyone who ever had an order for a SKU, as its object remembers them: 40 bytes each. */
export class Buyers {
  readonly #hashes = new Set<number>();
  /** The last few, in the order in which they came. */
  #recent: number[] = [];

  get size(): number {
    return this.#hashes.size;
  }

  add(userId: string): void {
    const hash = buyerHash(userId);
    if (this.#hashes.has(hash)) return;
    this.#hashes.add(hash);
    this.#recent.push(hash);
    if (this.#recent.length > 2 * MAX_RECENT) this.#recent = this.#recent.slice(-MAX_RECENT);
  }

  /** Never false for a buyer. */
  mayHave(userId: string): boolean {
    return this.#hashes.has(buyerHash(userId));
  }

  /** The news for an edge that has a filter of the first `base`; undefined when too many came since. */
  summarySince(base: number): BuyerSummary | undefined {
    const news = this.size - base;
    if (news > MAX_RECENT) return undefined;
    return { format: FORMAT, base, recent: this.#recent.slice(this.#recent.length - news) };
  }

  /** A filter of all who are buyers now. Others are served while it is made. */
  async filter(): Promise<BuyerFilter> {
    const filter = BuyerFilter.empty(this.size);
    let left = filter.count;
    for (const hash of this.#hashes) {
      if (left === 0) break; // later buyers are told one by one
      filter.add(hash);
      left -= 1;
      if (left % SLICE === 0) await scheduler.wait(0);
    }
    return filter;
  }
}

/** No bytes when the text is not Base64. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64(base64);
  } catch {
    return new Uint8Array();
  }
}

/** A Bloom filter of a given number of buyers. */
export class BuyerFilter {
  readonly count: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  private constructor(count: number, bytes: Uint8Array<ArrayBuffer>) {
    this.count = count;
    this.#bytes = bytes;
  }

  static empty(count: number): BuyerFilter {
    return new BuyerFilter(count, new Uint8Array(filterBytes(count)));
  }

  /** How the text of a filter of `count` buyers begins. */
  static heading = (count: number): string => `${FORMAT}.${count}.`;

  /** Undefined when the text is none of ours, or not all of it: such a filter would refuse buyers. */
  static parse(text: string): BuyerFilter | undefined {
    const [, count = "", base64 = ""] = text.split(".", 3);
    const bytes = bytesOf(base64);
    const filter = new BuyerFilter(Number(count), bytes);
    return bytes.length === filterBytes(filter.count) && String(filter) === text
      ? filter
      : undefined;
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  toString(): string {
    return BuyerFilter.heading(this.count) + encodeBase64(this.#bytes.buffer);
  }

  add(hash: number): void {
    for (const bit of looks(hash, this.#bytes.length * 8)) {
      this.#bytes[bit >> 3] = (this.#bytes[bit >> 3] as number) | (1 << (bit & 7));
    }
  }

  /** Whether this may be a buyer's hash; never false for one. */
  mayHave(hash: number): boolean {
    for (const bit of looks(hash, this.#bytes.length * 8)) {
      if (((this.#bytes[bit >> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** The size of a filter of so many buyers. */
export const filterBytes = (count: number): number => Math.ceil((count * BITS_EACH) / 8);

/** The bits of a hash: two hashes made of one stand for all (Kirsch and Mitzenmacher, 2006). */
function* looks(hash: number, bits: number): Generator<number> {
  const low = hash >>> 0;
  const step = mixed(Math.floor(hash / 2 ** 32) ^ low) | 1;
  for (let i = 0; i < LOOKS; i += 1) yield ((low + Math.imul(i, step)) >>> 0) % bits;
}

/** The finaliser of MurmurHash3: spreads 32 bits. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

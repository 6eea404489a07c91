// The people who may have an order for a SKU, in a form small enough for every edge. Edges refuse the crowd with
// "sold out" from memory, but a buyer who retries has a stored answer and must get through to the object.

/** Version of hash and filter. An edge that reads another version treats the buyers as unknown. */
const FORMAT = 2;
/** Most buyers listed individually next to the filter: about two kilobytes. */
export const MAX_RECENT = 128;
/** Most buyers that are published: four megabytes of filter. With more, every attempt calls the object. */
export const MAX_PUBLISHED = 4_000_000;
/** About 2% false positives. A false positive costs a needless call to the object. */
const BITS_PER_BUYER = 8;
const HASHES = 6;
/** Buyers added to a filter before it yields to other calls: some milliseconds. */
const SLICE = 5_000;

/**
 * A 53-bit hash of a user id: two lanes of FNV-1a with different primes, mixed at the end. It needs no key: an id
 * that collides with a buyer's only makes the edge call the object. It also chooses a buyer's lane and allowance, so it never changes.
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

/** The buyers of a sold-out SKU as published. The first `base` of them are in the filter. */
export interface BuyerSummary {
  format: number;
  base: number;
  /** Hashes of the later buyers. */
  recent: number[];
}

/** Whether this release understands the summary. */
export const isReadable = ({ format, base }: BuyerSummary): boolean =>
  format === FORMAT && base <= MAX_PUBLISHED;

/** User ids of buyers after this one, in a fixed order: up to `limit`. */
export type BuyersAfter = (userId: string, limit: number) => string[];

/** Everyone who ever had an order for a SKU. Only the latest are in memory: the ledger has all of them. */
export class Buyers {
  readonly #after: BuyersAfter;
  #size = 0;
  /** The latest buyers, in order of arrival. */
  #recent: number[] = [];

  constructor(after: BuyersAfter) {
    this.#after = after;
  }

  get size(): number {
    return this.#size;
  }

  /** Continues with the buyers that the ledger has. A few of them are published individually, so it reads those. */
  resume(size: number): void {
    this.#size = size;
    if (size <= MAX_RECENT) this.#recent = this.#after("", size).map(buyerHash);
  }

  /** Adds someone who was no buyer. */
  add(userId: string): void {
    this.#size += 1;
    this.#recent.push(buyerHash(userId));
    if (this.#recent.length > 2 * MAX_RECENT) this.#recent = this.#recent.slice(-MAX_RECENT);
  }

  /** The summary for an edge with a filter of the first `base` buyers. Undefined if too many came since. */
  summarySince(base: number): BuyerSummary | undefined {
    const added = this.#size - base;
    if (added > Math.min(MAX_RECENT, this.#recent.length)) return undefined;
    return { format: FORMAT, base, recent: this.#recent.slice(this.#recent.length - added) };
  }

  /** A filter of all current buyers, and perhaps of later ones. Yields to other calls while it reads them. */
  async filter(): Promise<BuyerFilter> {
    const filter = BuyerFilter.empty(this.#size);
    for (let after: string | undefined = ""; after !== undefined; ) {
      const users = this.#after(after, SLICE);
      for (const userId of users) filter.add(buyerHash(userId));
      after = users.length === SLICE ? users.at(-1) : undefined;
      if (after !== undefined) await scheduler.wait(0);
    }
    return filter;
  }
}

/** Empty if the text is not Base64. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(base64);
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

  /** The start of the text of a filter of `count` buyers. */
  static heading = (count: number): string => `${FORMAT}.${count}.`;

  /** Undefined if the text is malformed or incomplete: such a filter would refuse buyers. */
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
    return BuyerFilter.heading(this.count) + this.#bytes.toBase64();
  }

  add(hash: number): void {
    for (const bit of bitsOf(hash, this.#bytes.length * 8)) {
      this.#bytes[bit >> 3] = (this.#bytes[bit >> 3] as number) | (1 << (bit & 7));
    }
  }

  /** Whether the hash may be a buyer's. Never false for a buyer. */
  mayHave(hash: number): boolean {
    for (const bit of bitsOf(hash, this.#bytes.length * 8)) {
      if (((this.#bytes[bit >> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** The size of a filter of `count` buyers. */
export const filterBytes = (count: number): number => Math.ceil((count * BITS_PER_BUYER) / 8);

/** The bits of a hash, all derived from two hashes (Kirsch and Mitzenmacher, 2006). */
function* bitsOf(hash: number, size: number): Generator<number> {
  const low = hash >>> 0;
  const step = mixed(Math.floor(hash / 2 ** 32) ^ low) | 1;
  for (let i = 0; i < HASHES; i += 1) yield ((low + Math.imul(i, step)) >>> 0) % size;
}

/** The finalizer of MurmurHash3: spreads 32 bits. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

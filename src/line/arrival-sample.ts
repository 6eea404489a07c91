// A sample of the people who asked for a ticket, of bounded size however many they are: distinct sampling (Gibbons,
// VLDB 2001). It counts each person once, so late, repeated, and reordered reports do no harm.
import type { Arrival } from "../admission/client.ts";

/** A sample as it is sent and stored: all its arrivals have a hash below 2^(52 − level). */
export interface SampleData {
  level: number;
  entries: Arrival[];
}

/** Estimates are exact up to this many people, and beyond that have a standard error of 1 / √(limit) to √2 times that. */
export const SAMPLE_LIMIT = 4_096;

const HASH_BITS = 52;

export class ArrivalSample {
  readonly #earliest = new Map<number, number>();
  readonly #limit: number;
  #level = 0;

  constructor({ level, entries }: SampleData = { level: 0, entries: [] }, limit = SAMPLE_LIMIT) {
    this.#limit = limit;
    this.merge({ level, entries });
  }

  /** A person outside the sample has a hash of at least 2^(52 − level). Each person in it stands for 2^level people. */
  get level(): number {
    return this.#level;
  }

  /** The number of arrivals in the sample. */
  get size(): number {
    return this.#earliest.size;
  }

  /** The estimated number of people. */
  get people(): number {
    return this.size * 2 ** this.#level;
  }

  /** The arrivals in no particular order. */
  entries(): Arrival[] {
    return [...this.#earliest];
  }

  /** Counts a person, whose earliest arrival stays. Returns whether that changed the sample. */
  add(hash: number, at: number): boolean {
    const before = this.#earliest.get(hash);
    if (hash >= threshold(this.#level) || (before !== undefined && before <= at)) return false;
    this.#earliest.set(hash, at);
    while (this.size > this.#limit) this.raise(this.#level + 1);
    return true;
  }

  /** Adds another sample of the same or other people. Returns whether that changed this one. */
  merge({ level, entries }: SampleData): boolean {
    let isChanged = this.raise(level);
    for (const [hash, at] of entries) isChanged = this.add(hash, at) || isChanged;
    return isChanged;
  }

  /** Raises the level, and drops what is outside the sample then. A level never falls. */
  raise(level: number): boolean {
    if (level <= this.#level) return false;
    this.#level = level;
    for (const hash of this.#earliest.keys()) {
      if (hash >= threshold(level)) this.#earliest.delete(hash);
    }
    return true;
  }

  toJSON(): SampleData {
    return { level: this.#level, entries: this.entries() };
  }
}

const threshold = (level: number): number => 2 ** (HASH_BITS - level);

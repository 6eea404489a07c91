// The element's memory of a buyer: an attempt whose outcome is not known, the order that is held, and the place in line.
// In local storage, so that it survives a reload and other tabs know it, and in memory, because storage may be blocked.
import type { Money } from "../api.gen.ts";

/** A press of Buy whose outcome is not known. */
export interface Attempt {
  key: string;
  /** The price that the buyer saw. */
  unitPrice?: Money | undefined;
  /** When the buyer was last seen waiting for it: milliseconds. Absent once they were told that there is no answer. */
  awaitedAt?: number | undefined;
}

export interface Note {
  /** The place in line, in the note about the sale. */
  ticket?: string | undefined;
  attempt?: Attempt | undefined;
  /** A reserved order. */
  orderId?: string | undefined;
}

/** The subject of a note. Each buyer on a device has notes of their own. */
export interface Subject {
  saleId: string;
  user: string;
  /** Absent: the sale itself. */
  skuId?: string;
}

/** `at`: when the note last changed, in milliseconds. */
type Notes = Record<string, Note & { at: number }>;

interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const ITEM = "doorbuster";
/** Longer than anybody waits in a line. */
const LIFE_MS = 30 * 86_400_000;

export class Memory {
  /** The deployment: a page can have elements of several. */
  readonly #home: string;
  /** Notes that the storage did not take, because it is blocked or full. */
  #unsaved: Notes | undefined;

  constructor(home: string) {
    this.#home = home;
  }

  read(subject: Subject): Note {
    return this.#notes[this.#keyOf(subject)] ?? {};
  }

  /** Changes parts of a note. Undefined removes a part. */
  write(subject: Subject, change: Note): void {
    const key = this.#keyOf(subject);
    const { [key]: before, ...others } = this.#notes;
    const { ticket, attempt, orderId } = { ...before, ...change };
    const note = { ticket, attempt, orderId, at: Date.now() };
    this.#notes = ticket || attempt || orderId ? { ...others, [key]: note } : others;
  }

  /** Whether anybody on this device has a note about the SKU. */
  hasNotesOn(saleId: string, skuId: string): boolean {
    return this.#subjects.some((about) => about.saleId === saleId && about.skuId === skuId);
  }

  /** Places in the line of a sale that is over are worth nothing. */
  forgetPlaces(saleId: string): void {
    for (const about of this.#subjects) {
      if (about.saleId === saleId) this.write(about, { ticket: undefined });
    }
  }

  #keyOf({ saleId, user, skuId }: Subject): string {
    return JSON.stringify([this.#home, saleId, user, skuId]);
  }

  get #subjects(): Subject[] {
    return Object.keys(this.#notes).flatMap((key) => {
      const [home, saleId, user, skuId] = partsOf(key);
      return home === this.#home ? [{ saleId, user, ...(skuId === null ? {} : { skuId }) }] : [];
    });
  }

  get #notes(): Notes {
    if (this.#unsaved) return this.#unsaved;
    try {
      const stored = Object.entries(JSON.parse(storage().getItem(ITEM) ?? "{}") as Notes);
      return Object.fromEntries(stored.filter(isRecent));
    } catch {
      return {};
    }
  }

  set #notes(notes: Notes) {
    try {
      storage().setItem(ITEM, JSON.stringify(notes));
      this.#unsaved = undefined;
    } catch {
      this.#unsaved = notes;
    }
  }
}

const isRecent = ([, { at }]: [string, { at: number }]): boolean =>
  Math.abs(Date.now() - at) < LIFE_MS;

/** Other scripts of the page can write to the storage as well. */
function partsOf(key: string) {
  try {
    return JSON.parse(key);
  } catch {
    return [];
  }
}

/** @throws where storage is blocked */
const storage = (): Store => (globalThis as unknown as { localStorage: Store }).localStorage;

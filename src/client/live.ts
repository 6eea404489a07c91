// The live stock of sales: one poll for all subscribers of a sale, none while the page is hidden, and none once it is over.
import type { Live } from "./api.gen.ts";
import type { Transport } from "./transport.ts";

const OPEN_EVERY_MS = 3_000;
const IDLE_EVERY_MS = 30_000;
const LONGEST_PAUSE_MS = 60_000;

export type LiveListener = (live: Live) => void;

/** The part of a browser's document that matters here. React Native and Node have none. */
interface Visibility {
  readonly hidden: boolean;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

const page = (globalThis as { document?: Visibility }).document;

/** Milliseconds until the next look. Undefined: the sale is over. */
export function nextLook(live: Live | undefined, failures: number, random: number) {
  if (live?.state === "closed") return undefined;
  const isBrisk = live?.state === "open" && live.skus.some(({ state }) => state !== "sold_out");
  const every = isBrisk ? OPEN_EVERY_MS : IDLE_EVERY_MS;
  const untilOpen =
    live?.state === "upcoming" ? Date.parse(live.opensAt) - Date.parse(live.asOf) : every;
  const base = Math.min(Math.max(untilOpen, OPEN_EVERY_MS), every) * 2 ** failures;
  return Math.min(base, LONGEST_PAUSE_MS) * (0.75 + random / 2);
}

class Poll {
  readonly listeners = new Set<LiveListener>();
  readonly #read: () => Promise<Live>;
  #live: Live | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;

  constructor(read: () => Promise<Live>) {
    this.#read = read;
    page?.addEventListener("visibilitychange", this.#look);
    void this.#look();
  }

  add(listener: LiveListener): void {
    this.listeners.add(listener);
    if (this.#live) listener(this.#live);
  }

  stop(): void {
    clearTimeout(this.#timer);
    page?.removeEventListener("visibilitychange", this.#look);
  }

  readonly #look = async (): Promise<void> => {
    clearTimeout(this.#timer);
    if (page?.hidden || this.#isReading) return;
    this.#isReading = true;
    try {
      const live = await this.#read();
      this.#failures = 0;
      // A cache may answer with an older reading than the last one.
      if (!this.#live || live.asOf >= this.#live.asOf) {
        this.#live = live;
        for (const listener of this.listeners) listener(live);
      }
    } catch {
      this.#failures += 1;
    }
    this.#isReading = false;
    const wait = nextLook(this.#live, this.#failures, Math.random());
    if (wait === undefined || this.listeners.size === 0) return this.stop();
    this.#timer = setTimeout(this.#look, wait);
  };
}

export class LiveStock {
  readonly #transport: Transport;
  readonly #polls = new Map<string, Poll>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Tells `listener` the live stock of a sale now and when it changes. Returns what ends that. */
  subscribe(saleId: string, listener: LiveListener): () => void {
    const path = `/sales/${encodeURIComponent(saleId)}/live`;
    const poll = this.#polls.get(saleId) ?? new Poll(() => this.#transport.send<Live>("GET", path));
    this.#polls.set(saleId, poll);
    poll.add(listener);
    return () => {
      poll.listeners.delete(listener);
      if (poll.listeners.size > 0 || this.#polls.get(saleId) !== poll) return;
      poll.stop();
      this.#polls.delete(saleId);
    };
  }
}

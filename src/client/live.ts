// The live stock of sales: one poll for all subscribers of a sale, none while the page is hidden, and a slow one once it is over.
import type { Live } from "./api.gen.ts";
import type { ServerClock } from "./clock.ts";
import type { Transport } from "./transport.ts";

const OPEN_EVERY_MS = 3_000;
const IDLE_EVERY_MS = 30_000;
/** The operator of a sale that is over may extend it. */
const CLOSED_EVERY_MS = 300_000;
const LONGEST_BACKOFF_MS = 60_000;

export type LiveListener = (live: Live) => void;

/** The part of a browser's document that matters here. React Native and Node have none. */
interface Visibility {
  readonly hidden: boolean;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

const page = (globalThis as { document?: Visibility }).document;

/** Milliseconds until the next look. */
export function nextLook(live: Live | undefined, failures: number, random: number): number {
  const every = paceOf(live);
  const backedOff = Math.min(every * 2 ** failures, Math.max(every, LONGEST_BACKOFF_MS));
  return backedOff * (0.75 + random / 2);
}

function paceOf(live: Live | undefined): number {
  if (live?.state === "closed") return CLOSED_EVERY_MS;
  if (live?.state === "upcoming") {
    const untilOpen = Date.parse(live.opensAt) - Date.parse(live.asOf);
    return Math.min(Math.max(untilOpen, OPEN_EVERY_MS), IDLE_EVERY_MS);
  }
  const isBrisk = live?.skus.some(({ state }) => state !== "sold_out");
  return isBrisk ? OPEN_EVERY_MS : IDLE_EVERY_MS;
}

class Poll {
  readonly #listeners = new Set<LiveListener>();
  readonly #read: (signal: AbortSignal) => Promise<Live>;
  readonly #ends = new AbortController();
  #live: Live | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;

  constructor(read: (signal: AbortSignal) => Promise<Live>) {
    this.#read = read;
    page?.addEventListener("visibilitychange", this.#look);
  }

  /** Looks at once for a new listener, unless others are told every few seconds anyway. */
  add(listener: LiveListener): void {
    this.#listeners.add(listener);
    if (this.#live) tell(listener, this.#live);
    if (paceOf(this.#live) > OPEN_EVERY_MS) void this.#look();
  }

  /** Returns whether nobody listens any more: the poll has ended. */
  remove(listener: LiveListener): boolean {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return false;
    this.#ends.abort();
    clearTimeout(this.#timer);
    page?.removeEventListener("visibilitychange", this.#look);
    return true;
  }

  readonly #look = async (): Promise<void> => {
    if (page?.hidden || this.#isReading) return;
    clearTimeout(this.#timer);
    this.#isReading = true;
    const live = await this.#read(this.#ends.signal).catch(() => undefined);
    this.#isReading = false;
    if (this.#ends.signal.aborted) return;
    this.#failures = live ? 0 : this.#failures + 1;
    this.#timer = setTimeout(
      this.#look,
      nextLook(live ?? this.#live, this.#failures, Math.random()),
    );
    // A cache may answer with an older reading than the last one.
    if (!live || (this.#live && live.asOf < this.#live.asOf)) return;
    this.#live = live;
    for (const listener of this.#listeners) tell(listener, live);
  };
}

/** A listener that throws disturbs neither the others nor the poll. Its error is reported like that of any callback. */
function tell(listener: LiveListener, live: Live): void {
  try {
    listener(live);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

export class LiveStock {
  readonly #transport: Transport;
  readonly #clock: ServerClock;
  readonly #polls = new Map<string, Poll>();

  constructor(transport: Transport, clock: ServerClock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  /** Tells `listener` the live stock of a sale now and when it changes. Returns what ends that. */
  subscribe(saleId: string, listener: LiveListener): () => void {
    const poll = this.#polls.get(saleId) ?? new Poll((signal) => this.#read(saleId, signal));
    this.#polls.set(saleId, poll);
    // Its own function: the same listener may subscribe twice.
    const own: LiveListener = (live) => listener(live);
    poll.add(own);
    return () => {
      if (poll.remove(own) && this.#polls.get(saleId) === poll) this.#polls.delete(saleId);
    };
  }

  async #read(saleId: string, signal: AbortSignal): Promise<Live> {
    const path = `/sales/${encodeURIComponent(saleId)}/live`;
    const live = await this.#transport.send<Live>("GET", path, { signal });
    this.#clock.observe(Date.parse(live.asOf));
    return live;
  }
}

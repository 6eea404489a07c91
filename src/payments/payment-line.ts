// The line of orders whose money must move: first come, first served, each order once. Pure, in memory only: the ledgers
// send every order again that was lost from it.
import type { OrderMessage } from "../inventory/messages.ts";
import type { LineView } from "../inventory/scheduler-client.ts";

/** An order in the line. */
export interface LineEntry {
  /** The newest message about the order. */
  message: OrderMessage;
  /** Fruitless tries. */
  tries: number;
  /** Milliseconds. */
  enteredAt: number;
  state: "waiting" | "running" | "resting" | "held";
  /** Whether a newer version arrived while a step was running. */
  hasNewer: boolean;
}

/** About 20 MB. Further orders wait in their ledgers. */
const MAX_ENTRIES = 50_000;
const MAX_POINTS = 50;

export class PaymentLine {
  readonly #entries = new Map<string, LineEntry>();
  /** In the order of their arrival. */
  readonly #waiting = new Map<string, LineEntry>();
  /** Orders whose turn has come before: they continue, or are tried again. They start before the waiting ones. */
  readonly #first: LineEntry[] = [];
  /** Orders that wait for the end of a pause of all charges. */
  readonly #held = new Set<LineEntry>();
  readonly #maxEntries: number;

  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  /** All orders, including the running and the resting ones. */
  get size(): number {
    return this.#entries.size;
  }

  /** Orders that wait for their start. */
  get length(): number {
    return this.#first.length + this.#waiting.size;
  }

  get hasHeld(): boolean {
    return this.#held.size > 0;
  }

  /** When the order came that has waited longest for its start: milliseconds. Undefined if none waits. */
  get oldestEnteredAt(): number | undefined {
    const [next] = this.#waiting.values();
    return [...this.#first, ...(next ? [next] : [])]
      .map(({ enteredAt }) => enteredAt)
      .sort((a, b) => a - b)[0];
  }

  /**
   * Adds an order, unless it is in the line. A newer version of an order that rests or runs is looked at as soon as
   * possible. Returns false if the line is full.
   */
  add(message: OrderMessage, now: number): boolean {
    const entry = this.#entries.get(message.orderId);
    if (entry) {
      if (message.version > entry.message.version) this.#renew(entry, message);
      return true;
    }
    if (this.#entries.size >= this.#maxEntries) return false;
    const state = "waiting";
    const added: LineEntry = { message, tries: 0, enteredAt: now, state, hasNewer: false };
    this.#entries.set(message.orderId, added);
    this.#waiting.set(message.orderId, added);
    return true;
  }

  /** Takes the next order out of the line to run it. */
  take(): LineEntry | undefined {
    const entry = this.#first.shift() ?? this.#waiting.values().next().value;
    if (!entry) return undefined;
    this.#waiting.delete(entry.message.orderId);
    entry.state = "running";
    return entry;
  }

  /** The order needs nothing more, unless a newer version arrived meanwhile. */
  done(entry: LineEntry): void {
    if (entry.hasNewer) this.again(entry);
    else this.#entries.delete(entry.message.orderId);
  }

  /** The order needs another step now. */
  again(entry: LineEntry): void {
    this.#held.delete(entry);
    entry.hasNewer = false;
    entry.state = "waiting";
    this.#first.push(entry);
  }

  /** The try was fruitless. The order rests until `wake`, or until a newer version of it arrives. */
  rest(entry: LineEntry): void {
    entry.tries += 1;
    if (entry.hasNewer) this.again(entry);
    else entry.state = "resting";
  }

  wake(entry: LineEntry): void {
    if (entry.state === "resting") this.again(entry);
  }

  /** Charges are paused. That is no try. The order waits until `release`, or until a newer version of it arrives. */
  hold(entry: LineEntry): void {
    if (entry.hasNewer) this.again(entry);
    else {
      entry.state = "held";
      this.#held.add(entry);
    }
  }

  /** The pause is over. The orders go on in the order in which they were held. */
  release(): void {
    for (const entry of [...this.#held]) this.again(entry);
  }

  view(perSecond: number): LineView {
    const points: LineView["points"] = [];
    const step = Math.ceil(this.#waiting.size / MAX_POINTS);
    let place = this.#first.length;
    for (const { enteredAt } of this.#waiting.values()) {
      place += 1;
      if (place === this.length || place % step === 0) points.push([enteredAt, place]);
    }
    return { length: this.length + this.#held.size, perSecond, points };
  }

  #renew(entry: LineEntry, message: OrderMessage): void {
    entry.message = message;
    if (entry.state === "running") entry.hasNewer = true;
    if (entry.state !== "resting" && entry.state !== "held") return;
    entry.tries = 0;
    this.again(entry);
  }
}

/** Seconds until an order starts that entered the line at `enteredAt`. At least 1. */
export function secondsToWait({ length, perSecond, points }: LineView, enteredAt: number): number {
  const place = points.find(([at]) => at >= enteredAt)?.[1] ?? length;
  return Math.max(1, Math.ceil(place / perSecond));
}

// Decides when an isolate sends what it counted, and in which batches. It knows no platform, so tests can run a thousand.
import type { Meter } from "./metrics.ts";
import { type Batch, SHARDS } from "./shard-client.ts";

const INTERVAL_MS = 2_000;
/** A scheduled flush that is later than this was canceled together with its request. The next request schedules another. */
const CANCELED_MS = 5_000;
/** While a shard does not answer, further counts stay together instead of filling more batches. */
const MAX_UNSENT = 4;
/** After this pause a new sender starts with number 1. A shard remembers senders for longer. */
const SENDER_LIFE_MS = 600_000;

/** An isolate as the sender of batches. All go to one shard, which knows the last number that it took. */
interface Sender {
  id: string;
  shard: number;
  batches: number;
  usedAt: number;
}

export interface Platform {
  /** Keeps work alive after the request that counted. @throws outside a request */
  waitUntil(work: Promise<unknown>): void;
  wait(ms: number): Promise<unknown>;
  /** @throws if the shard did not confirm: it may have taken the batches all the same */
  send(shard: number, sender: string, batches: Batch[]): Promise<void>;
  /** Told when `send` failed. */
  failed(error: unknown, batches: number): void;
}

export class Flusher {
  readonly #meter: Meter;
  readonly #platform: Platform;
  #sender: Sender | undefined;
  #unsent: Batch[] = [];
  #isScheduled = false;
  #scheduledAt = 0;

  constructor(meter: Meter, platform: Platform) {
    this.#meter = meter;
    this.#platform = platform;
    meter.onNews((isRare) => this.#schedule(isRare));
  }

  /** Sends everything that was counted. What the shard does not confirm is sent again under the same number. */
  async flush(): Promise<void> {
    this.#pack();
    const sent = this.#unsent;
    const last = sent.at(-1);
    if (!this.#sender || !last) return;
    const { id, shard } = this.#sender;
    try {
      await this.#platform.send(shard, id, sent);
      this.#unsent = this.#unsent.filter(({ number }) => number > last.number);
    } catch (error) {
      this.#platform.failed(error, sent.length);
    }
  }

  /** Reading the clock takes a quarter of a count's time, so only the one duration of each request is followed by that. */
  #schedule(isRare: boolean): void {
    if (this.#isScheduled && !(isRare && this.#isCanceled())) return;
    this.#isScheduled = true;
    this.#scheduledAt = Date.now();
    try {
      this.#platform.waitUntil(this.#flushSoon());
    } catch {
      this.#isScheduled = false; // outside a request; counting must never fail
    }
  }

  #isCanceled = (): boolean => Math.abs(Date.now() - this.#scheduledAt) >= CANCELED_MS;

  async #flushSoon(): Promise<void> {
    await this.#platform.wait(INTERVAL_MS);
    this.#isScheduled = false; // whatever is counted from here on needs another flush
    await this.flush();
  }

  /** Puts what was counted into the next batch. */
  #pack(): void {
    if (this.#unsent.length >= MAX_UNSENT) return;
    const frame = this.#meter.take();
    if (!frame) return;
    const sender = this.#currentSender(Date.now());
    sender.batches += 1;
    this.#unsent = [...this.#unsent, { number: sender.batches, frame }];
  }

  #currentSender(now: number): Sender {
    const known = this.#sender;
    const isOver = !known || Math.abs(now - known.usedAt) > SENDER_LIFE_MS;
    if (known && (!isOver || this.#unsent.length > 0)) {
      known.usedAt = now;
      return known;
    }
    const shard = Math.floor(Math.random() * SHARDS);
    this.#sender = { id: crypto.randomUUID(), shard, batches: 0, usedAt: now };
    return this.#sender;
  }
}

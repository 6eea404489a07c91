// Polls the live answer of a sale while the page is visible or its visitor waits in line, with backoff on failure. Stale stock is discarded.
import type { PublicLine } from "../../admission/public-line.ts";
import type { Stop } from "../../catalog/sale-state.ts";
import type { Money } from "../../values/money.ts";
import type { Stock } from "../copy/sale.ts";
import { call } from "./api.ts";
import { jitter } from "./delay.ts";
import { isForgotten, pauseMs } from "./poll-pace.ts";
import { observe, serverNow } from "./server-clock.ts";

export interface Live {
  asOf: string;
  opensAt?: string;
  closesAt?: string;
  revision?: number;
  line?: PublicLine;
  stopped?: Record<string, Stop>;
  skus: ({ id: string; unitPrice?: Money } & Stock)[];
}

/** The polling interval of one browser. Edges share the answer; jitter spreads the requests. */
const EVERY_MS = { open: 3_000, idle: 30_000, never: Number.POSITIVE_INFINITY };
export type Pace = keyof typeof EVERY_MS;
const SOON_MS = 2_000;
/** An answer older than this is stale while a sale is open: the server itself has no newer stock. */
const OLD_MS = 10_000;

let movedAt = 0;

export class LiveStock {
  readonly path: string;
  readonly #onAnswer: (live: Partial<Live>) => void;
  /** Undefined while the stock is unknown. */
  #stock: Map<string, Stock> | undefined;
  #asOf = 0;
  #failures = 0;
  #interval: number = EVERY_MS.idle;
  #isWaiting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the first poll has ended, since the page loaded and since the device last slept. */
  isPolled = false;
  isCurrent = true;
  /** The sale was deleted. */
  isGone = false;
  isDegraded = false;

  constructor(path: string, onAnswer: (live: Partial<Live>) => void) {
    this.path = path;
    this.#onAnswer = onAnswer;
    for (const type of ["pointermove", "keydown"] as const) {
      addEventListener(type, () => {
        if (this.#isForgotten()) this.pollSoon();
        movedAt = performance.now();
      });
    }
  }

  #isForgotten = () => isForgotten(performance.now() - movedAt);

  get #isResting(): boolean {
    return this.#interval === EVERY_MS.never;
  }

  stockOf = (skuId: string): Stock | undefined => this.#stock?.get(skuId);

  /** Records the stock of one SKU from another source, such as a refusal. */
  setStock(skuId: string, available: number, held = 0): void {
    this.#stock ??= new Map();
    const state = available ? "available" : held ? "held" : "sold_out";
    this.#stock.set(skuId, { available, held, state });
  }

  /** The visitor returned: discards stale stock, and all stock after device sleep. */
  resume(slept: boolean): void {
    if (slept) this.isCurrent = false;
    if (slept || this.#isOld()) this.#stock = undefined;
    this.pollSoon();
  }

  #isOld = () => this.#interval < EVERY_MS.idle && serverNow() - this.#asOf > OLD_MS;

  /**
   * Sets how often to look.
   *
   * @param waitMs the pace of a visitor who waits, in line or for a unit. They learn of it even if the page is hidden
   */
  setPace(pace: Pace, waitMs?: number): void {
    const [wasResting, wasWaiting] = [this.#isResting, this.#isWaiting];
    this.#interval = waitMs ?? EVERY_MS[pace];
    this.#isWaiting = waitMs !== undefined;
    // The next look may be far away, at the pace of somebody who does not wait, or not come at all.
    if (this.#isWaiting ? !wasWaiting : wasResting && !this.#isResting)
      this.#schedule(this.#interval);
  }

  pollSoon = (): void => this.#schedule(SOON_MS);

  /** The pace of a line has its own jitter, and is kept: a later look could come too late. */
  #schedule(every: number): void {
    clearTimeout(this.#timer);
    const isExact = this.#isWaiting && !this.#failures;
    this.#timer = setTimeout(() => this.poll(), isExact ? every : every / 2 + jitter(every));
  }

  async poll(): Promise<void> {
    if (document.hidden && !this.#isWaiting) return;
    const answer = await call<Live>("GET", `${this.path}/live`);
    this.#failures = answer.ok ? 0 : this.#failures + 1;
    this.isPolled = true;
    this.isCurrent ||= answer.status > 0 || this.#failures > 1;
    this.isGone = answer.status === 404;
    const accepted = answer.ok && this.#accept(answer.body);
    // A single failure is ignored; a second one in a row makes the stock unknown.
    if (this.isGone || this.#failures > 1) this.#invalidate(!this.isGone);
    this.#onAnswer(accepted ? answer.body : {});
    if (this.#isResting && (answer.ok || this.isGone)) return;
    const isLost = this.#isForgotten() && !this.#isWaiting;
    this.#schedule(pauseMs(this.#interval, this.#failures, isLost, answer.retryAfter));
  }

  /** False if the answer is older than the one held, as from a cache. */
  #accept(live: Live): boolean {
    const asOf = Date.parse(live.asOf);
    observe(asOf);
    const isNewer = asOf >= this.#asOf;
    if (isNewer) {
      this.#asOf = asOf;
      this.#stock = new Map(live.skus.map((sku) => [sku.id, sku]));
      this.isDegraded = false;
    }
    if (this.#isOld()) this.#invalidate(true);
    return isNewer;
  }

  #invalidate(isDegraded: boolean): void {
    this.#stock = undefined;
    this.isDegraded = isDegraded;
  }
}

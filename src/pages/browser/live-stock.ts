// The live answer of a sale: asked for again and again while somebody looks, more seldom when it fails, and
// believed only while it is young.
import type { Money } from "../../money.ts";
import type { Stock } from "../copy/sale.ts";
import { call } from "./api.ts";
import { jitter } from "./delay.ts";
import { observe, serverNow } from "./server-clock.ts";

export interface Live {
  asOf: string;
  opensAt?: string;
  closesAt?: string;
  revision?: number;
  skus: ({ id: string; unitPrice?: Money } & Stock)[];
}

/** How often one browser asks; edges share the answer, and the jitter spreads the askers. */
const OPEN_EVERY_MS = 3_000;
const IDLE_EVERY_MS = 30_000;
const SOON_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** An answer this old says that the server itself does not know better. */
const OLD_MS = 10_000;

export class LiveStock {
  readonly path: string;
  readonly #onNews: (live: Partial<Live>) => void;
  /** Undefined: nobody knows what is left. */
  #stock: Map<string, Stock> | undefined;
  #asOf = 0;
  #failures = 0;
  #usual = IDLE_EVERY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the server was asked: since the page came, and since the device slept. */
  isAsked = false;
  isChecked = true;
  /** The sale was taken off. */
  isGone = false;
  isDegraded = false;

  constructor(path: string, onNews: (live: Partial<Live>) => void) {
    this.path = path;
    this.#onNews = onNews;
  }

  stockOf = (skuId: string): Stock | undefined => this.#stock?.get(skuId);

  /** What a refusal said of a SKU. */
  note(skuId: string, available: number, held = 0): void {
    this.#stock ??= new Map();
    const state = available ? "available" : held ? "held" : "sold_out";
    this.#stock.set(skuId, { available, state });
  }

  /** The visitor was away: what is old is not shown, and after a sleep nothing is known. */
  comeBack(slept: boolean): void {
    if (slept) this.isChecked = false;
    if (slept || this.#isOld()) this.#stock = undefined;
    this.askSoon();
  }

  #isOld = () => serverNow() - this.#asOf > OLD_MS;

  pace(isOpen: boolean): void {
    this.#usual = isOpen ? OPEN_EVERY_MS : IDLE_EVERY_MS;
  }

  askSoon = (): void => this.#schedule(SOON_MS);

  #schedule(every: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), every / 2 + jitter(every));
  }

  async ask(): Promise<void> {
    if (document.hidden) return;
    const answer = await call<Live>("GET", `${this.path}/live`);
    this.#failures = answer.ok ? 0 : this.#failures + 1;
    this.isAsked = true;
    this.isChecked ||= answer.status > 0 || this.#failures > 1;
    this.isGone = answer.status === 404;
    const news = answer.ok && this.#take(answer.body);
    // A single answer that fails is no news; a second one is.
    if (this.isGone || this.#failures > 1) this.#forget(!this.isGone);
    this.#onNews(news ? answer.body : {});
    const backedOff = Math.min(this.#usual * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#schedule(Math.max(backedOff, answer.retryAfter * 2_000));
  }

  /** False for what a cache has kept too long: something newer is known. */
  #take(live: Live): boolean {
    const asOf = Date.parse(live.asOf);
    observe(asOf);
    const isNew = asOf >= this.#asOf;
    if (isNew) {
      this.#asOf = asOf;
      this.#stock = new Map(live.skus.map((sku) => [sku.id, sku]));
      this.isDegraded = false;
    }
    if (this.#isOld()) this.#forget(true);
    return isNew;
  }

  #forget(isDegraded: boolean): void {
    this.#stock = undefined;
    this.isDegraded = isDegraded;
  }
}

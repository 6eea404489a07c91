// The sale page in the browser: countdown on the server's clock, automatic opening, live stock.
import type { SaleState, Stop } from "../../catalog/sale-state.ts";
import { stateAt } from "../../catalog/sale-state.ts";
import { badgeOf, isUnavailable, mainStop } from "../copy/sale.ts";
import { stopWords } from "../copy/stop.ts";
import { part, setText } from "./dom.ts";
import type { LinePanel } from "./line.ts";
import { type Live, LiveStock } from "./live-stock.ts";
import { loadLine } from "./load-line.ts";
import { loadReady } from "./load-ready.ts";
import { WORDING } from "./locale.ts";
import type { SaleUpdate } from "./outcome.ts";
import { readPrepared } from "./prepared-card.ts";
import { mountPurchase } from "./purchase.ts";
import type { ReadyRoom } from "./ready.ts";
import { onReturn } from "./resume.ts";
import { SaleBadge } from "./sale-badge.ts";
import { SaleChanges } from "./sale-changes.ts";
import { countdown } from "./sale-countdown.ts";
import { correct, observe, onClockChange, serverNow } from "./server-clock.ts";
import { SkuCard } from "./sku-card.ts";
import { mountVisit } from "./visit-token.ts";
import { WORDS } from "./words.ts";

/** How long the sale's times from a refusal override those of live answers, which may come from a stale cache. */
const OVERRIDE_MS = 10_000;

/** A sale of which nothing is left is still looked at once an hour, to see that it has ended. */
const REST_MS = 3_600_000;

const haltOf = (stop?: Stop) => stop && stopWords(stop, WORDING);

export function mountSale(root: HTMLElement): void {
  new SalePage(root).start();
}

class SalePage {
  readonly #root: HTMLElement;
  readonly #cards: SkuCard[];
  readonly #live: LiveStock;
  #opensAt: number;
  #closesAt: number;
  /** The state that the page shows; initially the server-rendered one. */
  #state: SaleState;
  readonly #changes: SaleChanges;
  readonly #badge: SaleBadge;
  #overrideUntil = 0;
  /** SKU id → why it takes no orders. */
  #stopped: Live["stopped"];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasLine = false;
  /** Undefined without a line, and until its script is loaded. */
  #line: LinePanel | undefined;
  /** The place of the ready room, until its script is loaded. */
  #readySlot: HTMLElement | null;
  #ready: ReadyRoom | undefined;
  /** Whether a card was entered before the opening, which the script of the ready room adds to the press. */
  readonly #hasCard: boolean;
  /** Nothing is left, or the sale has ended: nothing counts down, and nothing is polled unless the visitor asked for it. */
  #isResting = false;

  constructor(root: HTMLElement) {
    const { opensAt, closesAt, state, sale } = root.dataset;
    this.#root = root;
    this.#badge = new SaleBadge(root);
    this.#opensAt = Date.parse(opensAt ?? "");
    this.#closesAt = Date.parse(closesAt ?? "");
    this.#state = state as SaleState;
    this.#stopped = JSON.parse(root.dataset.stopped ?? "{}");
    this.#live = new LiveStock(`/sales/${sale}`, (live) => this.#onLive(live));
    this.#cards = [...root.querySelectorAll<HTMLElement>("[data-sku]")].map(
      (card) => new SkuCard(card),
    );
    // Until the first live answer, items that the server rendered as unavailable stay so.
    for (const { skuId, root } of this.#cards) {
      if (root.dataset.stock) this.#live.setStock(skuId, 0, root.dataset.stock === "held" ? 1 : 0);
    }
    this.#readySlot = part(root, "ready");
    this.#hasCard = this.#cards.some(({ skuId }) => readPrepared(skuId));
    this.#changes = new SaleChanges(root, this.#live.path, this.#cards);
  }

  start(): void {
    onReturn((slept) => {
      this.#live.resume(slept);
      if (slept) this.#ready?.forgetClock();
      this.#tick();
    });
    onClockChange(() => this.#tick());
    for (const card of this.#cards)
      mountPurchase(card, (update) => this.#applyRefusal(card.skuId, update));
    part(document, "reload")?.addEventListener("click", () => location.reload());
    const slot = part(this.#root, "line");
    this.#hasLine = slot !== null;
    if (slot) void this.#loadLine(slot);
    this.#tick();
    this.#live.poll();
    if ("visits" in this.#root.dataset) {
      const opensIn = this.#opensAt - serverNow();
      mountVisit(this.#live.path, opensIn, () => this.#state === "closed");
    }
  }

  async #loadLine(slot: HTMLElement): Promise<void> {
    this.#line = await loadLine(slot, this.#root.dataset.sale ?? "", () => this.#tick());
    // At once: an answer without the line behind it would not keep the page reading while it is hidden.
    void this.#live.poll();
  }

  async #loadReady(): Promise<void> {
    const slot = this.#readySlot;
    this.#readySlot = null;
    if (!slot) return;
    this.#ready = await loadReady(slot, this.#root.dataset.sale ?? "", () => this.#tick());
    this.#tick();
  }

  /** Until the first poll ends, the rendered state is more reliable than the visitor's clock. */
  #stateNow(): SaleState {
    if (this.#live.isGone) return "closed";
    if (!this.#live.isPolled || !this.#live.isCurrent) return this.#state;
    return stateAt(serverNow(), this.#opensAt, this.#closesAt);
  }

  #onLive(live: Partial<Live>): void {
    if (performance.now() > this.#overrideUntil) this.#setTimes(live.opensAt, live.closesAt);
    if (live.asOf) this.#stopped = live.stopped;
    this.#changes.onLive(live);
    this.#line?.onLive(live.line, this.#live);
    this.#tick();
  }

  /** Applies the facts in a refusal, which are newer than the live answer. */
  #applyRefusal(
    skuId: string,
    { available, held, unitPrice, opensAt, closesAt, serverTime, isOutOfLine }: SaleUpdate,
  ): void {
    this.#setTimes(opensAt, closesAt);
    if (opensAt || closesAt) this.#overrideUntil = performance.now() + OVERRIDE_MS;
    if (available !== undefined) this.#live.setStock(skuId, available, held);
    if (unitPrice) this.#changes.setPrice(skuId, unitPrice);
    if (closesAt) observe(Date.parse(closesAt));
    if (isOutOfLine) this.#line?.onSessionChange();
    if (serverTime && serverNow() >= this.#opensAt) {
      correct(serverTime);
      this.#ready?.forgetClock();
    }
    this.#tick();
  }

  /** An operator may move a sale at any time. */
  #setTimes(opensAt?: string, closesAt?: string): void {
    if (opensAt) this.#opensAt = Date.parse(opensAt);
    if (closesAt) this.#closesAt = Date.parse(closesAt);
  }

  /** Runs on each second of the server's clock, and in the millisecond the sale opens or closes. */
  #tick(): void {
    clearTimeout(this.#timer);
    this.#paint();
    const now = serverNow();
    const waits = [this.#opensAt - now, this.#closesAt - now].filter((wait) => wait > 0);
    if (waits.length === 0) return;
    const wait = Math.min(this.#isResting ? REST_MS : 1_000 - (now % 1_000), ...waits);
    this.#timer = setTimeout(() => this.#tick(), Math.ceil(wait));
  }

  #paint(): void {
    const sale = this.#stateNow();
    const moved = sale !== this.#state;
    this.#state = this.#root.dataset.state = sale;
    const { isGone, isPolled, isCurrent, isDegraded } = this.#live;
    const { sale: words } = WORDS;
    const notYet = this.#line?.paint();
    // Until the script of the line is loaded, nobody knows whose turn it is.
    const checking = !isCurrent || (this.#hasLine && !this.#line);
    const stocks = this.#cards.map(({ skuId }) => this.#live.stockOf(skuId));
    const stops = this.#cards.map(({ skuId }) => this.#stopped?.[skuId]);
    const stop = mainStop(stops);
    for (const [i, card] of this.#cards.entries()) {
      card.root.toggleAttribute("data-stopped", Boolean(stops[i]));
      card.set({ sale, stock: stocks[i], notYet: haltOf(stops[i]) ?? notYet, checking });
    }
    const badge = badgeOf(sale, stocks, stop);
    const isFree = stocks.some((stock) => stock?.available);
    const owns = this.#cards.some(({ owns }) => owns);
    this.#badge.show(isGone ? "removed" : owns ? sale : badge, isFree);
    const isSoldOut = badge === "sold_out" && !this.#hasLine;
    this.#isResting = isSoldOut || sale === "closed";
    const isOut = isUnavailable(badge) && !owns;
    if (isPolled && (isOut || sale === "upcoming" || this.#hasCard)) void this.#loadReady();
    this.#ready?.paint({ sale, opensAt: this.#opensAt, isOut, isSoldOut, isFree });
    setText(
      part(document, "notice"),
      isGone ? words.removed : (haltOf(stop)?.why ?? (isDegraded ? words.degraded : "")),
    );
    // The clock alone opens the sale; the poll follows with jitter, so the crowd does not poll at the same moment. A line
    // spreads it over a longer time.
    const pace = sale === "open" && !this.#line?.isOver ? "open" : "idle";
    this.#live.setPace(this.#isResting ? "never" : pace, this.#line?.waitMs ?? this.#ready?.waitMs);
    if (moved && !this.#line) this.#live.pollSoon();
    // A deleted sale has no times to show.
    for (const when of this.#root.querySelectorAll<HTMLElement>(".countdown, .window"))
      when.hidden = isGone;
    if (!isPolled) return;
    const times = [this.#opensAt, this.#closesAt, serverNow()] as const;
    this.#badge.count(countdown(sale, ...times, this.#isResting, WORDING), isCurrent);
  }
}

// The sale page in the browser: countdown on the server's clock, opening by itself, live stock.
import type { SaleState } from "../../catalog/sale-state.ts";
import { stateAt } from "../../catalog/sale-state.ts";
import { SALE_ENDED } from "../copy/refusal.ts";
import { BADGES, isUnavailable, type Shown, shownOf } from "../copy/sale.ts";
import { ASK_WITHIN_MS, askTime } from "./clock-sync.ts";
import { part, setText } from "./dom.ts";
import { type Live, LiveStock } from "./live-stock.ts";
import type { SaleNews } from "./outcome.ts";
import { mountPurchase } from "./purchase.ts";
import { onReturn } from "./resume.ts";
import { SaleChanges } from "./sale-changes.ts";
import { countdown } from "./sale-countdown.ts";
import { correct, observe, onClockChange, serverNow } from "./server-clock.ts";
import { SkuCard } from "./sku-card.ts";
import { mountVisit } from "./visit-token.ts";

const ANNOUNCED: Record<Shown, string> = {
  upcoming: "",
  open: "The sale is open.",
  held: "All units are reserved. Some may become available.",
  sold_out: "Everything is sold out.",
  closed: SALE_ENDED,
  gone: "",
};
const GONE = "This sale was removed. Existing orders aren't affected.";
const DEGRADED = "Stock counts may be out of date. You can still buy.";
/** An item's own word on the times of its sale is newer than what caches know of them, this long. */
const FIRM_MS = 10_000;
/** The last units of a sale come and go; who listens hears of it now and then. */
const QUIET_MS = 30_000;

export function mountSale(root: HTMLElement): void {
  new SalePage(root).start();
}

class SalePage {
  readonly #root: HTMLElement;
  readonly #cards: SkuCard[];
  readonly #live: LiveStock;
  #opensAt: number;
  #closesAt: number;
  /** What the page shows; at first, what the server wrote into it. */
  #state: SaleState;
  #shown: Shown | undefined;
  readonly #title = document.title;
  readonly #changes: SaleChanges;
  #quietUntil = 0;
  /** The opening for which the server was asked the time. */
  #timedFor: number | undefined;
  #firmUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement) {
    const { opensAt, closesAt, state, sale } = root.dataset;
    this.#root = root;
    this.#opensAt = Date.parse(opensAt ?? "");
    this.#closesAt = Date.parse(closesAt ?? "");
    this.#state = state as SaleState;
    this.#live = new LiveStock(`/sales/${sale}`, (live) => this.#hear(live));
    this.#cards = [...root.querySelectorAll<HTMLElement>("[data-sku]")].map(
      (card) => new SkuCard(card),
    );
    // Until the first live answer, items that the server rendered as unavailable stay so.
    for (const { skuId, root } of this.#cards) {
      if (root.dataset.stock) this.#live.note(skuId, 0, root.dataset.stock === "held" ? 1 : 0);
    }
    this.#changes = new SaleChanges(root, this.#live.path, this.#cards);
  }

  start(): void {
    onReturn((slept) => {
      this.#live.comeBack(slept);
      if (slept) this.#timedFor = undefined;
      this.#tick();
    });
    onClockChange(() => this.#tick());
    for (const card of this.#cards) mountPurchase(card, (news) => this.#learn(card.skuId, news));
    part(document, "reload")?.addEventListener("click", () => location.reload());
    this.#tick();
    this.#live.ask();
    if ("visits" in this.#root.dataset) {
      const opensIn = this.#opensAt - serverNow();
      mountVisit(this.#live.path, opensIn, () => this.#state === "closed");
    }
  }

  /** Until the server was asked, what the page shows is truer than the visitor's clock. */
  #stateNow(): SaleState {
    if (this.#live.isGone) return "closed";
    if (!this.#live.isAsked || !this.#live.isChecked) return this.#state;
    return stateAt(serverNow(), this.#opensAt, this.#closesAt);
  }

  #hear(live: Partial<Live>): void {
    if (performance.now() > this.#firmUntil) this.#move(live.opensAt, live.closesAt);
    this.#changes.hear(live);
    this.#tick();
  }

  /** What a refusal told is newer than the live answer. */
  #learn(
    skuId: string,
    { available, held, unitPrice, opensAt, closesAt, serverTime }: SaleNews,
  ): void {
    this.#move(opensAt, closesAt);
    if (opensAt || closesAt) this.#firmUntil = performance.now() + FIRM_MS;
    if (available !== undefined) this.#live.note(skuId, available, held);
    if (unitPrice) this.#changes.learn(skuId, unitPrice);
    if (closesAt) observe(Date.parse(closesAt));
    if (serverTime && serverNow() >= this.#opensAt) {
      correct(serverTime);
      this.#timedFor = undefined;
    }
    this.#tick();
  }

  /** An operator may move a sale at any time. */
  #move(opensAt?: string, closesAt?: string): void {
    if (opensAt) this.#opensAt = Date.parse(opensAt);
    if (closesAt) this.#closesAt = Date.parse(closesAt);
  }

  /** On each second of the server's clock, and when the sale opens or closes: to the millisecond. */
  #tick(): void {
    clearTimeout(this.#timer);
    this.#paint();
    const now = serverNow();
    const waits = [this.#opensAt - now, this.#closesAt - now].filter((wait) => wait > 0);
    const wait = Math.min(1_000 - (now % 1_000), ...waits);
    this.#timer = setTimeout(() => this.#tick(), Math.ceil(wait));
    this.#askTime(this.#opensAt - now);
  }

  /** Once for each opening, and while somebody looks: a page in the background learns it on its return. */
  #askTime(left: number): void {
    if (document.hidden || left <= 0 || left > ASK_WITHIN_MS) return;
    if (this.#timedFor === this.#opensAt) return;
    this.#timedFor = this.#opensAt;
    void askTime(left);
  }

  #paint(): void {
    const sale = this.#stateNow();
    const moved = sale !== this.#state;
    this.#state = this.#root.dataset.state = sale;
    const { isGone, isAsked, isChecked, isDegraded } = this.#live;
    const stocks = this.#cards.map(({ skuId }) => this.#live.stockOf(skuId));
    for (const [i, card] of this.#cards.entries()) {
      card.set({ sale, stock: stocks[i], checking: !isChecked });
    }
    this.#show(
      isGone ? "gone" : this.#cards.some(({ owns }) => owns) ? sale : shownOf(sale, stocks),
    );
    setText(part(document, "notice"), isGone ? GONE : isDegraded ? DEGRADED : "");
    // Nobody needs to ask to know that it opened; the live answer is asked for a little later.
    this.#live.pace(sale === "open");
    if (moved) this.#live.askSoon();
    // A sale that is not there any more has no time to wait for.
    for (const when of this.#root.querySelectorAll<HTMLElement>(".countdown, .window"))
      when.hidden = isGone;
    if (isAsked) this.#count(sale);
  }

  #count(sale: SaleState): void {
    const { label, text, isDate } = countdown(sale, this.#opensAt, this.#closesAt, serverNow());
    setText(part(this.#root, "countdown-label"), label);
    const digits = part(this.#root, "digits");
    digits?.classList.toggle("date", isDate);
    setText(digits, this.#live.isChecked ? text : "…");
  }

  #show(next: Shown): void {
    if (next === this.#shown) return;
    const badge = part(this.#root, "badge");
    if (badge) badge.dataset.badge = next;
    setText(badge, BADGES[next]);
    document.title = `${BADGES[next]}: ${this.#title}`;
    const flips = isUnavailable(next) || isUnavailable(this.#shown);
    if (this.#shown && !(flips && performance.now() < this.#quietUntil)) {
      const isBack = isUnavailable(this.#shown) && next === "open";
      setText(part(this.#root, "announce"), isBack ? "More units are available." : ANNOUNCED[next]);
      if (flips) this.#quietUntil = performance.now() + QUIET_MS;
    }
    this.#shown = next;
  }
}

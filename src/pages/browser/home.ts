// The list of sales: badges and words stay true while the page is open, on the server's time. Nothing is
// reloaded, so nobody loses their place.
import type { SaleState } from "../../catalog/sale-state.ts";
import { stateAt } from "../../catalog/sale-state.ts";
import { BADGES, isUnavailable, type Shown, type Stock, shownOf, whenWords } from "../copy/sale.ts";
import { call } from "./api.ts";
import { jitter, pause } from "./delay.ts";
import { part, setText } from "./dom.ts";
import type { Live } from "./live-stock.ts";
import { formatTime } from "./locale.ts";
import { onReturn } from "./resume.ts";
import { isClockKnown, observe, onClockChange, serverNow } from "./server-clock.ts";

/** The first of a list are what people look at; the server looks at as many before it writes the page. */
const ASKED = 12;
const SPREAD_MS = 3_000;
const EVERY_MS = 1_000;

export function mountHome(cards: Iterable<HTMLElement>): void {
  const listed = [...cards].map((card) => new ListedSale(card));
  if (listed.length === 0) return;
  const paint = () => {
    for (const sale of listed) sale.paint();
  };
  const ask = async () => {
    await pause(jitter(SPREAD_MS));
    for (const sale of listed.filter(({ state }) => state !== "closed").slice(0, ASKED))
      await sale.ask();
    paint();
  };
  onReturn(ask);
  onClockChange(paint);
  setInterval(paint, EVERY_MS);
  void ask();
}

class ListedSale {
  readonly #root: HTMLElement;
  /** Undefined until the server was asked: what it wrote holds. */
  #stocks: Stock[] | undefined;
  #isGone = false;
  readonly #written: Shown;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#written = part(root, "badge")?.dataset.badge as Shown;
  }

  get state(): SaleState {
    const { opensAt = "", closesAt = "", state } = this.#root.dataset;
    // Before the server was heard, what it wrote is truer than the visitor's clock.
    if (!isClockKnown()) return state as SaleState;
    return stateAt(serverNow(), Date.parse(opensAt), Date.parse(closesAt));
  }

  async ask(): Promise<void> {
    const answer = await call<Live>("GET", `/sales/${this.#root.dataset.listed}/live`);
    const { ok, status, body } = answer;
    this.#isGone = status === 404;
    if (!ok) return;
    observe(Date.parse(body.asOf));
    if (body.opensAt) this.#root.dataset.opensAt = body.opensAt;
    if (body.closesAt) this.#root.dataset.closesAt = body.closesAt;
    const known = body.skus.length === Number(this.#root.dataset.items);
    this.#stocks = known ? body.skus : [];
  }

  paint(): void {
    const { opensAt = "", closesAt = "" } = this.#root.dataset;
    const { state } = this;
    this.#root.dataset.state = state;
    const shown = this.#shown(state);
    const badge = part(this.#root, "badge");
    if (badge) badge.dataset.badge = shown;
    setText(badge, BADGES[shown]);
    const at = formatTime(state === "upcoming" ? opensAt : closesAt);
    setText(part(this.#root, "when"), this.#isGone ? "" : whenWords(state));
    setText(part(this.#root, "at"), this.#isGone ? "" : at);
  }

  #shown(state: SaleState): Shown {
    if (this.#isGone) return "gone";
    if (this.#stocks) return this.#stocks.length > 0 ? shownOf(state, this.#stocks) : state;
    return state === "open" && isUnavailable(this.#written) ? this.#written : state;
  }
}

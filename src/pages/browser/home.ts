// The list of sales in the browser: badges and times stay current on the server's clock, without a reload. A script of its own
// for that page.
import type { SaleState, Stop } from "../../catalog/sale-state.ts";
import { stateAt } from "../../catalog/sale-state.ts";
import { type Badge, badgeOf, mainStop, type Stock } from "../copy/sale.ts";
import { call } from "./api.ts";
import { jitter, pause } from "./delay.ts";
import { part, setText } from "./dom.ts";
import type { Live } from "./live-stock.ts";
import { formatTime } from "./locale.ts";
import { onReturn } from "./resume.ts";
import { isClockKnown, observe, onClockChange, serverNow } from "./server-clock.ts";
import { WORDS } from "./words.ts";

/** How many sales of the list poll their stock; the server renders the stock of as many. */
const MAX_POLLED = 12;
const SPREAD_MS = 3_000;
const EVERY_MS = 1_000;

function mountHome(): void {
  const cards = document.querySelectorAll<HTMLElement>("[data-listed]");
  const listed = [...cards].map((card) => new ListedSale(card));
  if (listed.length === 0) return;
  const paint = () => {
    for (const sale of listed) sale.paint();
  };
  const poll = async () => {
    await pause(jitter(SPREAD_MS));
    for (const sale of listed.filter(({ state }) => state !== "closed").slice(0, MAX_POLLED))
      await sale.poll();
    paint();
  };
  onReturn(poll);
  onClockChange(paint);
  setInterval(paint, EVERY_MS);
  void poll();
}

class ListedSale {
  readonly #root: HTMLElement;
  /** Undefined until the first live answer: the server-rendered badge holds until then. */
  #stocks: Stock[] | undefined;
  #stop: Stop | undefined;
  #isGone = false;
  readonly #rendered: Badge;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#rendered = part(root, "badge")?.dataset.badge as Badge;
  }

  get state(): SaleState {
    const { opensAt = "", closesAt = "", state } = this.#root.dataset;
    // Until the server time is known, the rendered state is more reliable than the visitor's clock.
    if (!isClockKnown()) return state as SaleState;
    return stateAt(serverNow(), Date.parse(opensAt), Date.parse(closesAt));
  }

  async poll(): Promise<void> {
    const answer = await call<Live>("GET", `/sales/${this.#root.dataset.listed}/live`);
    const { ok, status, body } = answer;
    this.#isGone = status === 404;
    if (!ok) return;
    observe(Date.parse(body.asOf));
    if (body.opensAt) this.#root.dataset.opensAt = body.opensAt;
    if (body.closesAt) this.#root.dataset.closesAt = body.closesAt;
    const items = Number(this.#root.dataset.items);
    const stops = Object.values(body.stopped ?? {});
    this.#stop = stops.length === items ? mainStop(stops) : undefined;
    const known = body.skus.length === items;
    this.#stocks = known ? body.skus : [];
  }

  paint(): void {
    const { opensAt = "", closesAt = "" } = this.#root.dataset;
    const { state } = this;
    this.#root.dataset.state = state;
    const shown = this.#shown(state);
    const badge = part(this.#root, "badge");
    if (badge) badge.dataset.badge = shown;
    setText(badge, WORDS.badge[shown]);
    const at = formatTime(state === "upcoming" ? opensAt : closesAt);
    setText(part(this.#root, "when"), this.#isGone ? "" : WORDS.when[state]);
    setText(part(this.#root, "at"), this.#isGone ? "" : at);
  }

  #shown(state: SaleState): Badge {
    if (this.#isGone) return "removed";
    // No item: the stock is unknown.
    if (this.#stocks)
      return badgeOf(state, this.#stocks.length > 0 ? this.#stocks : [undefined], this.#stop);
    return state === "open" && this.#rendered !== "upcoming" ? this.#rendered : state;
  }
}

mountHome();

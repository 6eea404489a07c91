// The texts of the line's panel, and which of its parts are visible. Screen readers hear what changes, without a flood.
import {
  countText,
  type LineState,
  lineText,
  operatorNotice,
  outlookOf,
  type Standing,
  standingOf,
  waitText,
} from "../copy/line.ts";
import { numberText, priceText, unitsText } from "../copy/line-figures.ts";
import type { Stock } from "../copy/sale.ts";
import { part, setText } from "./dom.ts";
import type { LineHost } from "./panel-host.ts";
import { priceOf } from "./sku-offer.ts";

/** Least time between two announcements to a screen reader, except about a change of the standing. */
const QUIET_MS = 30_000;

export class LineView {
  readonly #slot: HTMLElement;
  readonly #wording: LineHost["wording"];
  #shown: Standing | undefined;
  #quietUntil = 0;

  constructor(slot: HTMLElement, { wording }: LineHost) {
    this.#slot = slot;
    this.#wording = wording;
  }

  /** `canAsk`: whether the visitor can still be asked about notifications. */
  paint(state: LineState, canAsk: boolean): void {
    const standing = standingOf(state);
    const isInLine = standing === "undrawn" || standing === "waiting";
    const [text, wait] = [lineText(state, this.#wording), waitText(state, this.#wording)];
    Object.assign(this.#slot.dataset, { standing, outlook: outlookOf(state) });
    this.#set("text", text);
    this.#set("wait", wait);
    this.#set("count", countText(state, this.#wording));
    this.#set("notice", operatorNotice(state.line));
    this.#setFact("number", numberText(state.line, state.place, this.#wording));
    this.#setFact("units", unitsText(state.units, this.#wording));
    this.#setFact("price", priceText(shownPrices(), this.#wording));
    this.#show("facts", isInLine && state.line !== undefined);
    this.#show("join", standing === "apart");
    this.#show("options", isInLine);
    this.#show("alert", canAsk);
    this.#show("proof", state.place !== null);
    this.#announce(standing, this.#wording.join(text, wait));
  }

  #announce(standing: Standing, text: string): void {
    const isNews = standing !== this.#shown && this.#shown !== undefined;
    this.#shown = standing;
    if (!isNews && !(standing === "waiting" && performance.now() >= this.#quietUntil)) return;
    this.#quietUntil = performance.now() + QUIET_MS;
    this.#set("announce", text);
  }

  #set = (name: string, text: string): void => setText(part(this.#slot, `line-${name}`), text);

  /** A fact that is not known is hidden together with its name. */
  #setFact(name: string, text: string): void {
    this.#set(name, text);
    part(this.#slot, `line-${name}`)?.parentElement?.toggleAttribute("hidden", text === "");
  }

  #show(name: string, isShown: boolean): void {
    part(this.#slot, `line-${name}`)?.toggleAttribute("hidden", !isShown);
  }
}

/** The prices in the cards, which the page keeps up to date. */
const shownPrices = () =>
  [...document.querySelectorAll<HTMLElement>("[data-sku]")].map((card) => priceOf(card));

/** Free and held units of all items on the page. Undefined if the stock of one is not known. */
export function unitsOnPage(stockOf: (skuId: string) => Stock | undefined): LineState["units"] {
  const units = { free: 0, held: 0 };
  for (const { dataset } of document.querySelectorAll<HTMLElement>("[data-sku]")) {
    const stock = stockOf(dataset.sku ?? "");
    if (!stock) return undefined;
    units.free += stock.available;
    units.held += stock.held ?? 0;
  }
  return units;
}

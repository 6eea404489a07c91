// The state of the sale in its badge and the title of the page, and what screen readers hear of its changes.
import { SALE_ENDED } from "../copy/refusal.ts";
import { BADGES, type Badge, isUnavailable } from "../copy/sale.ts";
import { part, setText } from "./dom.ts";

const ANNOUNCED: Record<Badge, string> = {
  upcoming: "",
  open: "The sale is open.",
  held: "All units are reserved. Some may become available.",
  sold_out: "Everything is sold out.",
  closed: SALE_ENDED,
  paused: "",
  removed: "",
};
/** The minimum time between announcements while the last units come and go. */
const QUIET_MS = 30_000;

export class SaleBadge {
  readonly #root: HTMLElement;
  readonly #title = document.title;
  #shown: Badge | undefined;
  #quietUntil = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  show(next: Badge): void {
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

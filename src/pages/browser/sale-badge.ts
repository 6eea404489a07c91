// The state of the sale in its badge and the title of the page, its countdown, and what screen readers hear of its changes.
import { type Badge, isUnavailable } from "../copy/sale.ts";
import { part, setText } from "./dom.ts";
import type { Countdown } from "./sale-countdown.ts";
import { WORDS } from "./words.ts";

/** What screen readers hear of a change. `isBack`: after no unit was free. */
function announcement(next: Badge, isBack: boolean, isFree: boolean): string {
  const { sale, refusal } = WORDS;
  // The stock may be unknown.
  if (isBack) return isFree ? sale.moreUnits : "";
  const texts: Partial<Record<Badge, string>> = {
    open: sale.opened,
    held: sale.allHeld,
    sold_out: sale.allSold,
    closed: refusal.ended,
  };
  return texts[next] ?? "";
}

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

  /** `isFree`: a unit is certainly free. */
  show(next: Badge, isFree: boolean): void {
    if (next === this.#shown) return;
    const badge = part(this.#root, "badge");
    if (badge) badge.dataset.badge = next;
    setText(badge, WORDS.badge[next]);
    document.title = `${WORDS.badge[next]}: ${this.#title}`;
    const flips = isUnavailable(next) || isUnavailable(this.#shown);
    if (this.#shown && !(flips && performance.now() < this.#quietUntil)) {
      const isBack = isUnavailable(this.#shown) && next === "open";
      setText(part(this.#root, "announce"), announcement(next, isBack, isFree));
      if (flips) this.#quietUntil = performance.now() + QUIET_MS;
    }
    this.#shown = next;
  }

  /** `isCurrent`: whether the page knows the server's time. */
  count({ label, text, isDate }: Countdown, isCurrent: boolean): void {
    setText(part(this.#root, "countdown-label"), label);
    const digits = part(this.#root, "digits");
    digits?.classList.toggle("date", isDate);
    setText(digits, isCurrent ? text : "…");
  }
}

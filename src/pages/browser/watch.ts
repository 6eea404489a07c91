// "Tell me if one comes back": watches the live stock of a sold-out sale for a visitor who asked for it, while the page is open.
import type { SaleState } from "../../catalog/sale-state.ts";
import type { Alert } from "./alert.ts";
import { jitter } from "./delay.ts";
import { part, setText } from "./dom.ts";
import type { PanelHost } from "./panel-host.ts";

/** What the page shows. Times are milliseconds by the server's clock. */
export interface Shown {
  sale: SaleState;
  opensAt: number;
  /** Whether no unit is free, and whether none can become free without a refund or a restock. */
  isOut: boolean;
  isSoldOut: boolean;
  /** Whether a unit is certainly free. */
  isFree: boolean;
}

/** How often the page looks: about four times a minute, and once a minute if it was forgotten. */
const EVERY_MS = 10_000;
const RARELY_MS = 40_000;
const FORGOTTEN_MS = 600_000;

export class Watch {
  readonly #slot: HTMLElement;
  readonly #host: PanelHost;
  readonly #alert: Alert;
  /** When the visitor asked for it, by the clock of the page. */
  #since: number | undefined;
  #shown: Shown | undefined;

  constructor(slot: HTMLElement, host: PanelHost, alert: Alert) {
    this.#slot = slot;
    this.#host = host;
    this.#alert = alert;
    const { ready } = host.wording.words;
    const button = part(slot, "ready-watch");
    button?.addEventListener("click", async () => {
      const isOn = this.#since === undefined;
      this.#since = isOn ? performance.now() : undefined;
      button.setAttribute("aria-pressed", String(isOn));
      setText(part(slot, "ready-watching"), isOn ? ready.watching : ready.notWatching);
      host.onChange();
      alert.prepare();
      if (isOn) await alert.ask();
    });
  }

  /** In how many milliseconds to look again. Undefined while the page looks often by itself. */
  get waitMs(): number | undefined {
    if (this.#since === undefined || !this.#shown || this.#shown.sale === "closed")
      return undefined;
    if (!document.hidden && !this.#shown.isSoldOut) return undefined;
    const isForgotten = performance.now() - this.#since > FORGOTTEN_MS;
    const every = isForgotten ? RARELY_MS : EVERY_MS;
    return every + jitter(every);
  }

  paint(shown: Shown): void {
    const wasOut = this.#shown?.isOut;
    // Unknown stock changes nothing.
    const isOut = shown.isOut || (wasOut === true && !shown.isFree && shown.sale === "open");
    this.#shown = { ...shown, isOut };
    this.#slot.hidden = !isOut && !this.#slot.contains(document.activeElement);
    if (wasOut && !isOut && shown.isFree && this.#since !== undefined)
      this.#alert.ring(this.#host.wording.words.sale.moreUnits, "back");
  }
}

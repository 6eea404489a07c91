// Carrying the visitor's place to another device: a link, and its QR code, whose script loads on demand.
import { part } from "./dom.ts";
import type { TicketStore } from "./line-ticket.ts";
import { WORDS } from "./words.ts";

export class LineShare {
  readonly #slot: HTMLElement;
  readonly #tickets: TicketStore;
  readonly #link: HTMLInputElement | null;

  constructor(slot: HTMLElement, tickets: TicketStore) {
    this.#slot = slot;
    this.#tickets = tickets;
    this.#link = part<HTMLInputElement>(slot, "line-link");
    part(slot, "line-share")?.addEventListener("click", () => this.#open());
    part(slot, "line-copy")?.addEventListener(
      "click",
      () => void navigator.clipboard?.writeText(this.#link?.value ?? ""),
    );
  }

  #open(): void {
    const shared = part(this.#slot, "line-shared");
    if (!shared) return;
    shared.hidden = false;
    this.update();
    this.#link?.select();
  }

  /** After each answer: another account has another link. */
  update(): void {
    const { link } = this.#tickets;
    if (!this.#link || part(this.#slot, "line-shared")?.hidden || this.#link.value === link) return;
    this.#link.value = link;
    void this.#drawCode(link);
  }

  /** The link is enough if the script does not load. */
  async #drawCode(link: string): Promise<void> {
    const at = part(this.#slot, "line-code");
    at?.replaceChildren();
    const url = this.#slot.dataset.qr as string;
    const qr = await import(url).catch(() => undefined);
    if (qr && this.#link?.value === link) {
      at?.replaceChildren((qr as typeof import("./qr.ts")).drawQrCode(link, WORDS.line.qrCode));
    }
  }
}

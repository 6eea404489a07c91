// The challenge panel in an item's card: shown when the server requires a challenge, removed when it is solved or
// canceled. A separate script that pages load on demand.
import { type Challenge, loadTurnstile, showWidget } from "./turnstile.ts";
import { WORDS } from "./words.ts";

/**
 * Sent in place of a token when the provider's script does not load: the server then checks whether the provider is
 * down and applies the sale's policy. Sent once per page, because a rejected token counts against the buyer.
 */
const NOT_LOADED = "not-loaded";
let leftToServer = false;

export class ChallengePanel {
  readonly #slot: HTMLElement;
  readonly #onToggle: () => void;
  #finish: ((token?: string) => void) | undefined;
  #removeWidget = () => {};

  /** `onToggle` is called when the panel opens and closes. */
  constructor(slot: HTMLElement, onToggle: () => void) {
    this.#slot = slot;
    this.#onToggle = onToggle;
  }

  get isOpen(): boolean {
    return this.#finish !== undefined;
  }

  /** Resolves with a token, or undefined if the buyer cancels. `refused` is the token that the server rejected. */
  solve(challenge: Challenge, refused?: string): Promise<string | undefined> {
    const template = document.querySelector<HTMLTemplateElement>("template#challenge");
    this.#slot.replaceChildren(template?.content.cloneNode(true) ?? "");
    const solved = new Promise<string | undefined>((resolve) => {
      this.#finish = resolve;
    });
    this.#onToggle();
    this.#part("again").addEventListener("click", () => {
      this.#showFault("");
      this.#part("title").focus();
      void this.#show(challenge);
    });
    this.#part("cancel").addEventListener("click", () => this.close());
    this.#part("title").focus();
    if (refused && refused !== NOT_LOADED) this.#showFault(WORDS.challenge.refused);
    void this.#show(challenge);
    return solved;
  }

  /** Removes the challenge; without a token it counts as canceled. */
  close(token?: string): void {
    this.#removeWidget();
    this.#slot.replaceChildren();
    const finish = this.#finish;
    this.#finish = undefined;
    this.#onToggle();
    finish?.(token);
  }

  #part = (name: string) => this.#slot.querySelector(`[data-challenge-${name}]`) as HTMLElement;

  #showFault(fault: string, canTryAgain = false): void {
    this.#part("fault").textContent = fault;
    this.#part("again").hidden = !canTryAgain;
  }

  async #show(challenge: Challenge): Promise<void> {
    this.#removeWidget();
    const widget = this.#part("widget");
    try {
      const turnstile = await loadTurnstile();
      if (!widget.isConnected) return;
      this.#removeWidget = showWidget(
        turnstile,
        widget,
        challenge,
        (token) => this.close(token),
        (fault) => this.#showFault(fault, true),
      );
    } catch {
      if (!widget.isConnected) return;
      if (leftToServer) this.#showFault(WORDS.challenge.notLoaded, true);
      else {
        leftToServer = true;
        this.close(NOT_LOADED);
      }
    }
  }
}

// The challenge in a card: shown when the sale asks for one, gone when it is solved or given up. A script of
// its own, which a page loads when it is needed.
import { type Challenge, loadTurnstile, showWidget } from "./turnstile.ts";

/**
 * Sent in place of a token when the provider's script does not load: the server finds out whether the
 * provider is down, and then does as the sale says. Once a page visit, for a wrong answer counts.
 */
const NOT_LOADED = "not-loaded";
let leftToServer = false;

const BLOCKED =
  "The check didn't load. Your browser or network may be blocking challenges.cloudflare.com.";
const REFUSED = "That check didn't pass. Please try again.";

export class ChallengePanel {
  readonly #slot: HTMLElement;
  readonly #onToggle: () => void;
  #finish: ((token?: string) => void) | undefined;
  #removeWidget = () => {};

  /** `onToggle` hears when the panel comes and goes. */
  constructor(slot: HTMLElement, onToggle: () => void) {
    this.#slot = slot;
    this.#onToggle = onToggle;
  }

  get isOpen(): boolean {
    return this.#finish !== undefined;
  }

  /** Asks until there is a token; undefined: the buyer gave up. `refused` is a token that did not count. */
  solve(challenge: Challenge, refused?: string): Promise<string | undefined> {
    const template = document.querySelector<HTMLTemplateElement>("template#challenge");
    this.#slot.replaceChildren(template?.content.cloneNode(true) ?? "");
    const solved = new Promise<string | undefined>((resolve) => {
      this.#finish = resolve;
    });
    this.#onToggle();
    this.#part("again").addEventListener("click", () => {
      this.#tell("");
      this.#part("title").focus();
      void this.#show(challenge);
    });
    this.#part("cancel").addEventListener("click", () => this.close());
    this.#part("title").focus();
    if (refused && refused !== NOT_LOADED) this.#tell(REFUSED);
    void this.#show(challenge);
    return solved;
  }

  /** Takes the challenge away; without a token it counts as given up. */
  close(token?: string): void {
    this.#removeWidget();
    this.#slot.replaceChildren();
    const finish = this.#finish;
    this.#finish = undefined;
    this.#onToggle();
    finish?.(token);
  }

  #part = (name: string) => this.#slot.querySelector(`[data-challenge-${name}]`) as HTMLElement;

  #tell(fault: string, canTryAgain = false): void {
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
        (fault) => this.#tell(fault, true),
      );
    } catch {
      if (!widget.isConnected) return;
      if (leftToServer) this.#tell(BLOCKED, true);
      else {
        leftToServer = true;
        this.close(NOT_LOADED);
      }
    }
  }
}

// The fields of the card form: wallet buttons first, then Stripe's Payment Element. Stripe's frames contain them, so the
// card's data never reaches this page.
import { part } from "./dom.ts";
import type { ConfirmEvent, StripeElements, StripeJs } from "./stripe-js.ts";

/** Frames that a browser extension blocks report no error. */
const READY_LIMIT_MS = 20_000;
const INCOMPLETE = "Check your card details and try again.";

interface Listeners {
  /** A wallet confirmed the payment. */
  confirm(wallet: ConfirmEvent): void;
  /** The fields became ready. */
  change(): void;
  fail(): void;
}

type Collected = { token: string } | { token?: undefined; fault: string };

export class CardFields {
  readonly #slot: HTMLElement;
  readonly #listeners: Listeners;
  #elements: StripeElements | undefined;
  #unmount = () => {};
  isReady = false;

  constructor(slot: HTMLElement, listeners: Listeners) {
    this.#slot = slot;
    this.#listeners = listeners;
  }

  toggle(isShown: boolean): void {
    for (const name of ["wallets", "card-fields"])
      part(this.#slot, name)?.toggleAttribute("hidden", !isShown);
  }

  /** Mounts the fields, once. They must be visible. */
  mount(stripe: StripeJs): void {
    const wallets = part(this.#slot, "wallets");
    const card = part(this.#slot, "card-fields");
    if (this.#elements || !wallets || !card) return;
    const { amount, currency } = this.#slot.dataset;
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const elements = stripe.elements({
      mode: "payment",
      amount: Number(amount),
      currency,
      // These settle at once. Apple Pay and Google Pay count as cards.
      paymentMethodTypes: ["card", "link"],
      appearance: { theme: isDark ? "night" : "stripe" },
    });
    this.#elements = elements;
    const walletButtons = elements.create("expressCheckout");
    const cardFields = elements.create("payment", {
      wallets: { applePay: "never", googlePay: "never" },
    });
    const fail = () => this.#fail();
    const limit = setTimeout(fail, READY_LIMIT_MS);
    this.#unmount = () => {
      clearTimeout(limit);
      walletButtons.destroy();
      cardFields.destroy();
    };
    walletButtons.on("confirm", (event) => this.#listeners.confirm(event));
    cardFields.on("ready", () => {
      clearTimeout(limit);
      this.isReady = true;
      this.#listeners.change();
    });
    cardFields.on("loaderror", fail);
    walletButtons.mount(wallets);
    cardFields.mount(card);
  }

  #fail(): void {
    this.#unmount();
    this.#elements = undefined;
    this.isReady = false;
    this.#listeners.fail();
  }

  /** A token for what the buyer entered, or why there is none. */
  async collect(stripe: StripeJs): Promise<Collected> {
    const elements = this.#elements;
    if (!elements) return { fault: INCOMPLETE };
    const { error: incomplete } = await elements.submit();
    if (incomplete) return { fault: incomplete.message ?? INCOMPLETE };
    const { error, confirmationToken } = await stripe.createConfirmationToken({ elements });
    return confirmationToken
      ? { token: confirmationToken.id }
      : { fault: error?.message ?? INCOMPLETE };
  }
}

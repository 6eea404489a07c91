// The fields of the card form: wallet buttons first, then Stripe's Payment Element. Stripe's frames contain them, so the
// card's data never reaches this page.
import { part, setText } from "./dom.ts";
import { type ConfirmEvent, loadStripe, type StripeElements, type StripeJs } from "./stripe-js.ts";
import { WORDS } from "./words.ts";

/** Frames that a browser extension blocks report no error. */
const READY_LIMIT_MS = 20_000;

interface Options {
  /** Where the bank sends a buyer back who answers its question on another page. */
  returnUrl: string;
  /** The message for the buyer if Stripe does not load. */
  failed: string;
  /** A wallet confirmed the payment. */
  confirm(wallet: ConfirmEvent): void;
  /** Stripe was loaded, the fields became ready, or one of them failed. */
  change(): void;
}

type Collected =
  | { token: string; expiresAt: number; fault?: undefined }
  | { token?: undefined; fault: string };

/** How long Stripe keeps a token that does not say so. */
const TOKEN_LIFE_MS = 12 * 3_600_000;

export class CardFields {
  readonly #slot: HTMLElement;
  readonly #options: Options;
  #isLoading = false;
  #elements: StripeElements | undefined;
  #unmount = () => {};
  /** Undefined until it is loaded. */
  stripe: StripeJs | undefined;
  isReady = false;

  constructor(slot: HTMLElement, options: Options) {
    this.#slot = slot;
    this.#options = options;
    part(slot, "card-form-again")?.addEventListener("click", () => {
      this.#showFault("");
      void this.load();
    });
  }

  async load(): Promise<void> {
    if (this.stripe || this.#isLoading) return;
    this.#isLoading = true;
    const { stripeJs = "", key = "" } = this.#slot.dataset;
    try {
      this.stripe = await loadStripe(stripeJs, key);
      this.#options.change();
    } catch {
      this.#fail();
    }
    this.#isLoading = false;
  }

  /** Shows or hides the fields. Stripe fills them once, as soon as they are visible. */
  show(isShown: boolean): void {
    for (const name of ["wallets", "card-fields"])
      part(this.#slot, name)?.toggleAttribute("hidden", !isShown);
    if (isShown && this.stripe && !this.#elements) this.#mount(this.stripe);
  }

  #mount(stripe: StripeJs): void {
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
    walletButtons.on("confirm", (event) => this.#options.confirm(event));
    cardFields.on("ready", () => {
      clearTimeout(limit);
      this.isReady = true;
      this.#options.change();
    });
    cardFields.on("loaderror", fail);
    walletButtons.mount(part(this.#slot, "wallets") as HTMLElement);
    cardFields.mount(part(this.#slot, "card-fields") as HTMLElement);
  }

  #fail(): void {
    this.#unmount();
    this.#unmount = () => {};
    this.#elements = undefined;
    this.stripe = undefined;
    this.isReady = false;
    this.#showFault(this.#options.failed);
    this.#options.change();
  }

  #showFault(text: string): void {
    setText(part(this.#slot, "card-form-fault"), text);
    part(this.#slot, "card-form-again")?.toggleAttribute("hidden", !text);
  }

  /** A token for what the buyer entered, and when it expires (milliseconds), or why there is none. */
  async collect(): Promise<Collected> {
    const elements = this.#elements;
    if (!elements || !this.stripe) return { fault: WORDS.card.incomplete };
    const { error: incomplete } = await elements.submit();
    if (incomplete) return { fault: incomplete.message ?? WORDS.card.incomplete };
    const { error, confirmationToken } = await this.stripe.createConfirmationToken({
      elements,
      params: { return_url: this.#options.returnUrl },
    });
    if (!confirmationToken) return { fault: error?.message ?? WORDS.card.incomplete };
    const { id: token, expires_at: until } = confirmationToken;
    return { token, expiresAt: until ? until * 1_000 : Date.now() + TOKEN_LIFE_MS };
  }
}

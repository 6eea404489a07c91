// Stripe.js: the part of its interface that the card form uses (https://docs.stripe.com/js), and how to load it.
import { loadScript } from "./load-script.ts";

interface StripeError {
  /** In the buyer's language, to be shown. */
  message?: string;
}

interface StripeElement {
  mount(container: HTMLElement): void;
  destroy(): void;
  on(event: string, listener: (event: ConfirmEvent) => void): void;
}

/** The event of a wallet whose buyer confirmed the payment. */
export interface ConfirmEvent {
  paymentFailed?(options: { reason: "fail" }): void;
}

export interface StripeElements {
  create(type: "payment" | "expressCheckout", options?: object): StripeElement;
  /** Validates what the buyer entered. */
  submit(): Promise<{ error?: StripeError }>;
}

interface ConfirmationToken {
  id: string;
  /** In seconds since 1970: about twelve hours later. */
  expires_at?: number | null;
}

export interface StripeJs {
  elements(options: object): StripeElements;
  createConfirmationToken(options: {
    elements: StripeElements;
    params: { return_url: string };
  }): Promise<{ error?: StripeError; confirmationToken?: ConfirmationToken }>;
  /**
   * Shows the bank's question and resolves when the buyer has answered it. If the bank asks on a page of its own, leads
   * there and never resolves.
   */
  handleNextAction(options: { clientSecret: string }): Promise<{ error?: StripeError }>;
}

declare global {
  interface Window {
    Stripe?: (publishableKey: string, options: { locale: string }) => StripeJs;
  }
}

/** Rejects if the script does not load. */
export async function loadStripe(url: string, publishableKey: string): Promise<StripeJs> {
  if (!window.Stripe) await loadScript(url);
  if (!window.Stripe) throw new Error("Stripe.js did not load");
  return window.Stripe(publishableKey, { locale: document.documentElement.lang });
}

// The card form: an empty slot, which browser code fills with Stripe's Payment Element. The card's data
// goes from the buyer's browser to Stripe and never reaches this site.
import type { Config } from "../../config/config.ts";
import { toStripeAmount } from "../../payments/stripe-amount.ts";
import type { Money } from "../../values/money.ts";
import { paymentUrl } from "../assets.ts";
import { useWords } from "./page-context.tsx";

/** The release of Stripe.js that belongs to the API version of the library. */
const STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js";

export interface CardFormSettings {
  publishableKey: string;
  /** The URL of Stripe.js. */
  stripeJs: string;
}

export const cardFormSettings = ({
  STRIPE_PUBLISHABLE_KEY: publishableKey = "",
  STRIPE_JS_URL: stripeJs = STRIPE_JS_URL,
}: Pick<Config, "STRIPE_PUBLISHABLE_KEY" | "STRIPE_JS_URL">): CardFormSettings => ({
  publishableKey,
  stripeJs,
});

interface CardFormProps {
  /** The amount that the card is to be charged. */
  total: Money;
  settings: CardFormSettings;
  /** Whether the item is reserved for the buyer meanwhile. */
  isHeld?: boolean;
}

export const CardForm = ({ total, settings, isHeld = false }: CardFormProps) => {
  const { page } = useWords();
  const { amount, currency } = toStripeAmount(total);
  return (
    <div
      class="stack card-form"
      data-card-form={paymentUrl()}
      data-stripe-js={settings.stripeJs}
      data-key={settings.publishableKey}
      data-amount={String(amount)}
      data-currency={currency}
    >
      <noscript>
        <p>{isHeld ? page.needsScriptHeld : page.needsScript}</p>
      </noscript>
      <div data-wallets></div>
      <div data-card-fields></div>
      <button class="quiet wide" type="button" hidden data-other-card>
        {page.otherCard}
      </button>
      <p class="alert" role="alert" data-card-form-fault></p>
      <button class="quiet wide" type="button" hidden data-card-form-again>
        {page.tryAgain}
      </button>
    </div>
  );
};

// The payment form of a reserved order: test cards, Stripe's card form, the shop's checkout, or a note that it is paid
// elsewhere.
import type { Branding } from "../../config/branding.ts";
import type { Order } from "../../inventory/order.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { CardForm, type CardFormSettings } from "./card-form.tsx";
import { Price, Seller, Time } from "./components.tsx";
import { Say, useWords } from "./page-context.tsx";

/** The sandbox's test cards. */
const SANDBOX_CARDS = [
  { token: "tok_ok", name: "testOk" },
  { token: "tok_declined", name: "testDeclined" },
  { token: "tok_action_required", name: "testQuestion" },
] as const;

interface PayProps {
  order: Order | undefined;
  hidden: boolean;
  /** What the buyer should know before paying. */
  notice?: string | undefined;
  paymentMode: PaymentMode;
  /** Only on the page of an order that can still be paid with the card form. */
  cardForm?: CardFormSettings | undefined;
  theme: Branding;
}

export const PayForm = ({ order, hidden, notice, paymentMode, cardForm, theme }: PayProps) => (
  <form
    class="stack pay"
    method="post"
    action={order ? `/orders/${order.id}/payment` : "/orders"}
    hidden={hidden}
    data-pay
  >
    {notice ? <p>{notice}</p> : null}
    {paymentMode === "sandbox" ? <TestCards /> : null}
    {paymentMode === "elsewhere" ? <p>{useWords().page.payInApp}</p> : null}
    {order && cardForm ? <CardForm total={order.total} settings={cardForm} isHeld /> : null}
    <div class="hold" hidden={hidden} data-hold>
      <HoldCountdown order={order} />
      {paymentMode === "sandbox" ? <PayButton order={order} /> : null}
      {cardForm ? <PayButton order={order} hidden /> : null}
      {paymentMode === "checkout" || paymentMode === "external" ? (
        <PayLink order={order} path="/checkout" />
      ) : null}
      {paymentMode === "card-form" && !order ? <PayLink order={order} path="" /> : null}
    </div>
    <Seller theme={theme} />
  </form>
);

/** Submits the form. Hidden until browser code has loaded the card form. */
const PayButton = ({ order, hidden }: { order: Order | undefined; hidden?: boolean }) => (
  <button class="action" type="submit" hidden={hidden} data-pay-button>
    <span class="idle">
      <Say text={useWords().page.pay} gaps={{ total: <Total order={order} /> }} />
    </span>
    <span class="busy">{useWords().page.paying}</span>
  </button>
);

/** Leads to where the order is paid: `path` below the order's own page. */
const PayLink = ({ order, path }: { order: Order | undefined; path: string }) => (
  <a class="action" href={order ? `/orders/${order.id}${path}` : "/orders"} data-pay-link={path}>
    <Say text={useWords().page.pay} gaps={{ total: <Total order={order} /> }} />
  </a>
);

/** A choice of the sandbox's test cards. */
export const TestCards = () => (
  <fieldset class="cards">
    <legend>{useWords().page.payWith}</legend>
    {SANDBOX_CARDS.map(({ token, name }, i) => (
      <label class="choice">
        <input type="radio" name="paymentToken" value={token} checked={i === 0} />
        <span>{useWords().page[name]}</span>
      </label>
    ))}
  </fieldset>
);

/** The countdown of the hold, filled by browser code. Without JavaScript: the time when the hold ends. */
const HoldCountdown = ({ order }: { order: Order | undefined }) => (
  <div>
    <p class="hold-digits" role="timer" aria-label={useWords().page.timeToPay} data-hold-digits></p>
    <p class="hold-until" data-hold-until>
      {order ? (
        <Say text={useWords().panel.until} gaps={{ time: <Time at={order.expiresAt} clock /> }} />
      ) : null}
    </p>
    <div class="drain" aria-hidden="true">
      <div data-hold-bar></div>
    </div>
  </div>
);

/** The order's total; empty in the template, where browser code fills it in. */
export const Total = ({ order }: { order: Order | undefined }) => (
  <span data-order-total>{order ? <Price money={order.total} /> : null}</span>
);

// The payment form of a reserved order: test cards, the shop's checkout, or a note that the shop collects.
import type { Sale } from "../../catalog/schema.ts";
import type { Config } from "../../config.ts";
import type { Order } from "../../inventory/order.ts";
import { Price, Seller, Time } from "./components.tsx";

/** How a reserved order is paid on this deployment: with test cards, at the shop's checkout, or outside this site. */
export type PaymentMode = "sandbox" | "checkout" | "elsewhere";

export const paymentModeOf = (config: Pick<Config, "PAYMENTS" | "CHECKOUT_URL">): PaymentMode => {
  if (config.PAYMENTS === "sandbox") return "sandbox";
  return config.CHECKOUT_URL ? "checkout" : "elsewhere";
};

/** The sandbox's test cards. */
const SANDBOX_CARDS = [
  { token: "tok_ok", name: "Test card: approved" },
  { token: "tok_declined", name: "Test card: declined" },
  { token: "tok_action_required", name: "Test card: bank asks first" },
] as const;

interface PayProps {
  order: Order | undefined;
  hidden: boolean;
  paymentMode: PaymentMode;
  theme: Sale["theme"];
}

export const PayForm = ({ order, hidden, paymentMode, theme }: PayProps) => (
  <form
    class="stack pay"
    method="post"
    action={order ? `/orders/${order.id}/payment` : "/orders"}
    hidden={hidden}
    data-pay
  >
    {paymentMode === "sandbox" ? <TestCards /> : null}
    {paymentMode === "elsewhere" ? <p>The shop will collect the payment for this order.</p> : null}
    <div class="hold" hidden={hidden} data-hold>
      <HoldCountdown order={order} />
      {paymentMode === "sandbox" ? (
        <button class="action" type="submit">
          <span class="idle">
            Pay <Total order={order} />
          </span>
          <span class="busy">Paying…</span>
        </button>
      ) : null}
      {paymentMode === "checkout" ? (
        <a class="action" href={order ? checkoutPath(order.id) : "/orders"} data-checkout>
          Pay <Total order={order} />
        </a>
      ) : null}
    </div>
    <Seller theme={theme} />
  </form>
);

/** A choice of the sandbox's test cards. */
export const TestCards = () => (
  <fieldset class="cards">
    <legend>Pay with</legend>
    {SANDBOX_CARDS.map(({ token, name }, i) => (
      <label class="choice">
        <input type="radio" name="paymentToken" value={token} checked={i === 0} />
        <span>{name}</span>
      </label>
    ))}
  </fieldset>
);

/** The countdown of the hold, filled by browser code. Without JavaScript: the time when the hold ends. */
const HoldCountdown = ({ order }: { order: Order | undefined }) => (
  <div>
    <p class="hold-digits" role="timer" aria-label="Time left to pay" data-hold-digits></p>
    <p class="hold-until" data-hold-until>
      {order ? (
        <>
          Reserved until <Time at={order.expiresAt} clock />
        </>
      ) : null}
    </p>
    <div class="drain" aria-hidden="true">
      <div data-hold-bar></div>
    </div>
  </div>
);

const checkoutPath = (orderId: string): string => `/orders/${orderId}/checkout`;

/** The order's total; empty in the template, where browser code fills it in. */
export const Total = ({ order }: { order: Order | undefined }) => (
  <span data-order-total>{order ? <Price money={order.total} /> : null}</span>
);

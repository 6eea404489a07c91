// Paying for a held order: with play money, at the shop's checkout, or wherever the shop takes it.
import type { Sale } from "../../catalog/schema.ts";
import type { Config } from "../../config.ts";
import type { Order } from "../../inventory/order.ts";
import { Price, Seller, Time } from "./parts.tsx";

/** How a held order is paid on this deployment: with play money, at the shop's checkout, or not here. */
export type PayWay = "sandbox" | "checkout" | "elsewhere";

export const payWayOf = (config: Pick<Config, "PAYMENTS" | "CHECKOUT_URL">): PayWay => {
  if (config.PAYMENTS === "sandbox") return "sandbox";
  return config.CHECKOUT_URL ? "checkout" : "elsewhere";
};

/** What the sandbox's bank answers to each token. */
const SANDBOX_CARDS = [
  { token: "tok_ok", name: "Test card: approved" },
  { token: "tok_declined", name: "Test card: declined" },
] as const;

interface PayProps {
  order: Order | undefined;
  hidden: boolean;
  payWay: PayWay;
  theme: Sale["theme"];
}

export const PayForm = ({ order, hidden, payWay, theme }: PayProps) => (
  <form
    class="stack pay"
    method="post"
    action={order ? `/orders/${order.id}/payment` : "/orders"}
    hidden={hidden}
    data-pay
  >
    {payWay === "sandbox" ? <Cards /> : null}
    {payWay === "elsewhere" ? <p>The shop will collect the payment for this order.</p> : null}
    <div class="hold" hidden={hidden} data-hold>
      <TimeLeft order={order} />
      {payWay === "sandbox" ? (
        <button class="action" type="submit">
          <span class="idle">
            Pay <Total order={order} />
          </span>
          <span class="busy">Paying…</span>
        </button>
      ) : null}
      {payWay === "checkout" ? (
        <a class="action" href={order ? checkoutPath(order.id) : "/orders"} data-checkout>
          Pay <Total order={order} />
        </a>
      ) : null}
    </div>
    <Seller theme={theme} />
  </form>
);

/** Play money, as something to choose. */
export const Cards = () => (
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

/** How long the units are still held, once browser code counts it; until then, when that ends. */
const TimeLeft = ({ order }: { order: Order | undefined }) => (
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

/** On a page for everybody the browser fills it in. */
export const Total = ({ order }: { order: Order | undefined }) => (
  <span data-order-total>{order ? <Price money={order.total} /> : null}</span>
);

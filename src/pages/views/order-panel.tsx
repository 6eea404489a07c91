// One order: its state, its hold, paying for it, giving it back. The sale page carries it empty in a
// template that browser code fills; the order page has it filled by the server.
import type { Config } from "../../config.ts";
import type { Order } from "../../inventory/order.ts";
import { needsPayment, wordsFor } from "../browser/words.ts";
import { times } from "../format.ts";
import { Price, Time } from "./parts.tsx";

/** How a held order is paid on this deployment: with play money, at the shop's checkout, or not here. */
export type PayWay = "sandbox" | "checkout" | "elsewhere";

export const payWayOf = (config: Pick<Config, "PAYMENTS" | "CHECKOUT_URL">): PayWay => {
  if (config.PAYMENTS === "sandbox") return "sandbox";
  return config.CHECKOUT_URL ? "checkout" : "elsewhere";
};

/** What the sandbox's bank answers to each token. */
export const SANDBOX_CARDS = [
  { token: "tok_ok", name: "Test card that pays" },
  { token: "tok_declined", name: "Test card that is declined" },
] as const;

export const OrderPanel = ({ order, payWay }: { order?: Order; payWay: PayWay }) => {
  // Under an item on the sale page, or under the title of the order's own page.
  const Title = order ? "h2" : "h3";
  const words = order && wordsFor(order);
  const unpaid = order !== undefined && needsPayment(order);
  return (
    <section
      class="order"
      data-order={order?.id ?? ""}
      data-status={order?.status ?? ""}
      data-initial={order ? JSON.stringify(order) : undefined}
    >
      <Title class="order-title" tabindex={-1} data-order-title>
        {words?.title}
      </Title>
      <p data-order-text role="status">
        {words?.text}
      </p>
      <p class="hold" data-hold hidden={!unpaid}>
        <span>Held for you until </span>
        {order ? <Time at={order.expiresAt} /> : null}
      </p>
      <PayForm order={order} hidden={!unpaid} payWay={payWay} />
      <form
        method="post"
        action={order ? `/orders/${order.id}/cancel` : "/orders"}
        hidden={!unpaid}
        data-cancel
      >
        <button class="quiet wide" type="submit">
          Give it back
        </button>
      </form>
      <GiveBackDialog />
      <p class="message" role="alert" data-order-fault></p>
      {order ? <OrderFacts order={order} /> : <OrderLink />}
    </section>
  );
};

/** One slip of a thumb must not lose a thing that is sold out. Without JavaScript it never shows. */
const GiveBackDialog = () => (
  <dialog data-sure aria-label="Give it back?">
    <h3>Give it back?</h3>
    <p>It goes back on sale at once, and somebody else may take it.</p>
    <form method="dialog" class="stack">
      <button class="action" type="submit" value="keep">
        Keep it
      </button>
      <button class="quiet wide" type="submit" value="give">
        Yes, give it back
      </button>
    </form>
  </dialog>
);

const OrderLink = () => (
  <p class="order-link">
    <a href="/orders" data-order-link>
      View your order
    </a>
  </p>
);

const PayForm = (props: { order: Order | undefined; hidden: boolean; payWay: PayWay }) => (
  <form
    class="stack pay"
    method="post"
    action={props.order ? `/orders/${props.order.id}/payment` : "/orders"}
    hidden={props.hidden}
    data-pay
  >
    {props.payWay === "sandbox" ? (
      <>
        <fieldset class="cards">
          <legend>Pay with</legend>
          {SANDBOX_CARDS.map(({ token, name }, i) => (
            <label class="choice">
              <input type="radio" name="paymentToken" value={token} checked={i === 0} />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
        <button class="action" type="submit">
          Pay <Total order={props.order} />
        </button>
      </>
    ) : props.payWay === "checkout" ? (
      <a class="action" href={props.order ? checkoutPath(props.order.id) : "/orders"} data-checkout>
        Pay <Total order={props.order} />
      </a>
    ) : (
      <p>The shop takes the payment for this order.</p>
    )}
  </form>
);

export const checkoutPath = (orderId: string): string => `/orders/${orderId}/checkout`;

/** On a page for everybody the browser fills it in. */
const Total = ({ order }: { order: Order | undefined }) =>
  order ? <Price money={times(order.unitPrice, order.quantity)} /> : <data data-order-total></data>;

const OrderFacts = ({ order }: { order: Order }) => (
  <dl class="facts">
    <div>
      <dt>Quantity</dt>
      <dd>{order.quantity}</dd>
    </div>
    <div>
      <dt>Total</dt>
      <dd>
        <Price money={times(order.unitPrice, order.quantity)} />
      </dd>
    </div>
    <div>
      <dt>Ordered</dt>
      <dd>
        <Time at={order.createdAt} />
      </dd>
    </div>
    <div>
      <dt>Order number</dt>
      <dd class="code">{order.id}</dd>
    </div>
  </dl>
);

// One order: its state, what it costs, its hold, paying for it, giving it back. The sale page carries it
// empty in a template that browser code fills; the order page has it filled by the server.
import type { Sale } from "../../catalog/schema.ts";
import type { Config } from "../../config.ts";
import type { Order } from "../../inventory/order.ts";
import { needsPayment, wordsFor } from "../browser/words/order.ts";
import { times } from "../format.ts";
import { Price, Seller, Time } from "./parts.tsx";

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

/** An order on its own page, as the server knows it now. */
export interface Known {
  order: Order;
  name: string;
  /** The server's clock. */
  now: number;
  /** Why the last form was refused. */
  fault?: string | undefined;
}

interface PanelProps {
  known?: Known;
  payWay: PayWay;
  theme: Sale["theme"];
}

export const OrderPanel = ({ known, payWay, theme }: PanelProps) => {
  const order = known?.order;
  // Under an item on the sale page, or under the title of the order's own page.
  const Title = order ? "h2" : "h3";
  const words = order && wordsFor(order);
  const unpaid = order !== undefined && needsPayment(order);
  return (
    <section
      class="order"
      data-order={order?.id ?? ""}
      data-status={order?.status ?? ""}
      data-payment={order?.payment ?? ""}
      data-initial={order ? JSON.stringify(order) : undefined}
      data-now={known ? String(known.now) : undefined}
    >
      <div>
        {order ? null : <p class="kicker" data-order-kicker></p>}
        <Title class="order-title" tabindex={-1} data-order-title>
          {words?.title}
        </Title>
      </div>
      <p data-order-text role="status">
        {words?.text}
      </p>
      <Hold order={order} hidden={!unpaid} />
      <Summary known={known} />
      <p class="alert" role="alert" data-order-fault>
        {known?.fault}
      </p>
      <PayForm order={order} hidden={!unpaid} payWay={payWay} theme={theme} />
      <form action={order ? `/orders/${order.id}/cancel` : "/orders"} hidden={!unpaid} data-cancel>
        <button class="quiet wide" type="submit">
          <span class="idle">Give it back</span>
          <span class="busy">Giving it back…</span>
        </button>
      </form>
      {order ? <OrderFacts order={order} /> : <OrderLink />}
    </section>
  );
};

/** What the buyer is about to pay for. */
const Summary = ({ known }: { known: Known | undefined }) => (
  <dl class="summary">
    <div>
      <dt>
        <span data-order-name dir="auto">
          {known?.name}
        </span>
        <span class="each" data-order-each>
          {known ? (
            <>
              {known.order.quantity} × <Price money={known.order.unitPrice} />
            </>
          ) : null}
        </span>
      </dt>
      <dd>
        <Total order={known?.order} />
      </dd>
    </div>
  </dl>
);

/** The time left, once browser code counts it; until then, when it ends. */
const Hold = ({ order, hidden }: { order: Order | undefined; hidden: boolean }) => (
  <>
    <div class="hold" hidden={hidden} data-hold>
      <p>Held for you</p>
      <p class="hold-digits" role="timer" aria-label="Time left to pay" data-hold-digits></p>
      <p data-hold-until>
        {order ? (
          <>
            until <Time at={order.expiresAt} />
          </>
        ) : null}
      </p>
      <div class="drain" aria-hidden="true">
        <div data-hold-bar></div>
      </div>
    </div>
    <p class="sr" role="status" data-hold-said></p>
  </>
);

const OrderLink = () => (
  <p class="order-link">
    <a href="/orders" data-order-link>
      View your order
    </a>
  </p>
);

interface PayProps {
  order: Order | undefined;
  hidden: boolean;
  payWay: PayWay;
  theme: Sale["theme"];
}

const PayForm = ({ order, hidden, payWay, theme }: PayProps) => (
  <form
    class="stack pay"
    method="post"
    action={order ? `/orders/${order.id}/payment` : "/orders"}
    hidden={hidden}
    data-pay
  >
    {payWay === "sandbox" ? (
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
          <span class="idle">
            Pay <Total order={order} />
          </span>
          <span class="busy">Paying…</span>
        </button>
      </>
    ) : payWay === "checkout" ? (
      <a class="action" href={order ? checkoutPath(order.id) : "/orders"} data-checkout>
        Pay <Total order={order} />
      </a>
    ) : (
      <p>The shop takes the payment for this order.</p>
    )}
    <Seller theme={theme} />
  </form>
);

export const checkoutPath = (orderId: string): string => `/orders/${orderId}/checkout`;

/** On a page for everybody the browser fills it in. */
const Total = ({ order }: { order: Order | undefined }) => (
  <span data-order-total>
    {order ? <Price money={times(order.unitPrice, order.quantity)} /> : null}
  </span>
);

const OrderFacts = ({ order }: { order: Order }) => (
  <dl class="facts">
    <div>
      <dt>Quantity</dt>
      <dd>{order.quantity}</dd>
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

// One order: its state, what it costs, its hold, paying for it, giving it back. The sale page carries it
// empty in a template that browser code fills; the order page has it filled by the server.
import type { Sale } from "../../catalog/schema.ts";
import type { Order } from "../../inventory/order.ts";
import { isAlive, needsPayment, wordsFor } from "../copy/order.ts";
import { Price, Time } from "./parts.tsx";
import { PayForm, type PayWay, Total } from "./pay-form.tsx";

/** An order on its own page, as the server knows it now. */
export interface Known {
  order: Order;
  /** The server's clock. */
  now: number;
  /** Why the last form was refused. */
  fault?: string | undefined;
}

interface PanelProps {
  known?: Known;
  payWay: PayWay;
  /** Of the sale's own words; unknown for an order whose sale was taken off. */
  language: string | undefined;
  theme: Sale["theme"];
}

export const OrderPanel = ({ known, payWay, language, theme }: PanelProps) => {
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
      <p class="sr" role="status" data-hold-said></p>
      <Summary known={known} language={language} />
      <p class="alert" role="alert" data-order-fault>
        {known?.fault}
      </p>
      <PayForm order={order} hidden={!unpaid} payWay={payWay} theme={theme} />
      <form action={order ? `/orders/${order.id}/cancel` : "/orders"} hidden={!unpaid} data-cancel>
        <button class="quiet wide" type="submit">
          <span class="idle">Cancel reservation</span>
          <span class="busy">Canceling…</span>
        </button>
      </form>
      {order ? (
        <>
          <a class="action" href={`/sales/${order.saleId}`} hidden={isAlive(order)} data-again>
            Back to the sale
          </a>
          <OrderFacts order={order} />
        </>
      ) : (
        <OrderLink />
      )}
    </section>
  );
};

/** What the buyer is about to pay for. */
const Summary = ({
  known,
  language,
}: {
  known: Known | undefined;
  language?: string | undefined;
}) => (
  <dl class="summary">
    <div>
      <dt>
        <span data-order-name lang={language} dir="auto">
          {known?.order.item.name}
        </span>
        <span class="each" data-order-each>
          {known ? <Each order={known.order} /> : null}
        </span>
      </dt>
      <dd>
        <Total order={known?.order} />
      </dd>
    </div>
  </dl>
);

const Each = ({ order: { quantity, unitPrice } }: { order: Order }) =>
  unitPrice.amount === 0 ? (
    <>Quantity {quantity}</>
  ) : (
    <>
      {quantity} × <Price money={unitPrice} />
    </>
  );

const OrderLink = () => (
  <p class="order-link">
    <a href="/orders" data-order-link>
      View your order
    </a>
  </p>
);

const OrderFacts = ({ order }: { order: Order }) => (
  <dl class="facts">
    <div>
      <dt>Placed</dt>
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

// The buyer's pages: one order, its cancellation, all orders, and sign-in.
import type { Sale } from "../../catalog/schema.ts";
import type { Order } from "../../inventory/order.ts";
import type { OrderList } from "../../orders/my-orders.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { describeOrder, isSettling, needsPayment } from "../copy/order.ts";
import type { CardFormSettings } from "./card-form.tsx";
import { Price, SignIn, type SignInOptions, Time } from "./components.tsx";
import { CANCEL_WARNING, CancelDialog, SignInDialog } from "./dialogs.tsx";
import { renderDocument } from "./layout.tsx";
import { OrderPanel, type OrderView } from "./order-panel.tsx";

interface OrderPageProps extends OrderView {
  sale: Sale | undefined;
  paymentMode: PaymentMode;
  cardForm: CardFormSettings | undefined;
  signInOptions: SignInOptions;
}

/** The page of an order that is being processed reloads itself. */
const REFRESH_SECONDS = 3;

export function renderOrder(props: OrderPageProps): Promise<string> {
  const { sale, paymentMode, cardForm, signInOptions, ...view } = props;
  const { order } = view;
  const { name, saleTitle } = order.item;
  const theme = themeFor(order, sale);
  return renderDocument({
    title: `${describeOrder(order).title}: ${name}`,
    personal: true,
    sale: { theme },
    refresh: isSettling(order) ? REFRESH_SECONDS : undefined,
    children: (
      <div class="page narrow">
        <p>
          <a href="/orders">All my orders</a>
        </p>
        <h1 lang={sale?.language} dir="auto">
          {name}
        </h1>
        <div class="card">
          <OrderPanel
            view={view}
            paymentMode={paymentMode}
            cardForm={cardForm}
            language={sale?.language}
            theme={theme}
          />
        </div>
        <p>
          From{" "}
          <bdi lang={sale?.language}>
            {sale ? <a href={`/sales/${sale.id}`}>{saleTitle}</a> : saleTitle}
          </bdi>
        </p>
        <CancelDialog />
        <SignInDialog title="Sign in again" next={`/orders/${order.id}`} options={signInOptions} />
      </div>
    ),
  });
}

/** The theme of an order page: that of the sale, unless its seller changed since the order was placed. */
function themeFor({ item: { seller } }: Order, sale: Sale | undefined): Sale["theme"] {
  if (sale?.theme?.seller === seller) return sale?.theme;
  return { seller };
}

/** The confirmation page before a cancellation, for buyers without JavaScript. */
export function renderCancel(order: Order, sale: Sale | undefined): Promise<string> {
  const { name } = order.item;
  return renderDocument({
    title: `Cancel your reservation for ${name}?`,
    personal: true,
    sale: { theme: themeFor(order, sale) },
    children: (
      <div class="page narrow">
        <h1>
          Cancel your reservation for <bdi lang={sale?.language}>{name}</bdi>?
        </h1>
        <p>{CANCEL_WARNING}</p>
        <a class="action" href={`/orders/${order.id}`}>
          Keep reservation
        </a>
        <form method="post" action={`/orders/${order.id}/cancel`}>
          <button class="quiet wide" type="submit">
            Yes, cancel reservation
          </button>
        </form>
      </div>
    ),
  });
}

export function renderOrders(props: {
  list: OrderList;
  /** Whether to offer Sign out. If the shop signed the buyer in, only the shop can sign them out. */
  signOut: boolean;
}): Promise<string> {
  const { list, signOut } = props;
  const { orders, nextCursor, incomplete } = list;
  // Unpaid reservations come first: they expire.
  const sorted = [...orders].sort((a, b) => Number(needsPayment(b)) - Number(needsPayment(a)));
  return renderDocument({
    title: "My orders",
    personal: true,
    children: (
      <div class="page narrow">
        <div class="sku-head">
          <h1>My orders</h1>
          {signOut ? (
            <form method="post" action="/logout">
              <button class="quiet" type="submit">
                Sign out
              </button>
            </form>
          ) : null}
        </div>
        {incomplete ? (
          <p role="status">
            Some of your orders can't be shown right now. None are lost. Please check again in a
            minute.
          </p>
        ) : null}
        {orders.length > 0 ? (
          <ul class="orders">
            {sorted.map((order) => (
              <OrderLine order={order} />
            ))}
          </ul>
        ) : incomplete ? null : (
          <p class="empty">
            You have no orders yet. <a href="/">Browse sales</a>
          </p>
        )}
        {nextCursor ? (
          <p>
            <a href={`/orders?cursor=${encodeURIComponent(nextCursor)}`}>Older orders</a>
          </p>
        ) : null}
      </div>
    ),
  });
}

const OrderLine = ({ order }: { order: Order }) => (
  <li
    class="card order-line"
    data-status={order.status}
    data-payment={order.payment ?? ""}
    data-unpaid={needsPayment(order) ? "" : undefined}
  >
    <div class="sku-head">
      <h2>
        <a href={`/orders/${order.id}`} dir="auto">
          {order.item.name}
        </a>
      </h2>
      <Price money={order.total} class="price" />
    </div>
    <p class="status">
      {needsPayment(order) ? (
        <>
          Pay by <Time at={order.expiresAt} clock />
        </>
      ) : (
        describeOrder(order).title
      )}
    </p>
    <p class="muted">
      {order.quantity > 1 ? `${order.quantity} units · ` : ""}
      <Time at={order.createdAt} />
    </p>
  </li>
);

export function renderSignIn(
  next: string,
  origin: string,
  options: SignInOptions,
): Promise<string> {
  return renderDocument({
    title: "Sign in",
    personal: true,
    children: (
      <div class="page narrow">
        <h1>Sign in to see your orders</h1>
        <div class="card">
          <SignIn next={next} origin={origin} options={options} />
        </div>
      </div>
    ),
  });
}

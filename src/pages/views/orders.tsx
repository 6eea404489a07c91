// The buyer's own pages: one order, all orders, signing in to see them.
import type { Sku } from "../../catalog/schema.ts";
import type { Order } from "../../inventory/order.ts";
import { wordsFor } from "../browser/words.ts";
import { times } from "../format.ts";
import { renderDocument } from "./layout.tsx";
import { OrderPanel, type PayWay } from "./order-panel.tsx";
import { Price, SignIn, type SignInWays, Time } from "./parts.tsx";

/** Looks a SKU up; its name may have left the catalog since it was ordered. */
export type NameOf = (skuId: string) => string;

export const nameIn =
  (sku: (id: string) => { sku: Sku } | undefined): NameOf =>
  (skuId) =>
    sku(skuId)?.sku.name ?? skuId;

export function renderOrder(props: {
  order: Order;
  nameOf: NameOf;
  payWay: PayWay;
  fault?: string | undefined;
}): Promise<string> {
  const { order, nameOf, payWay, fault } = props;
  return renderDocument({
    title: `${wordsFor(order).title}: ${nameOf(order.skuId)}`,
    personal: true,
    children: (
      <div class="page narrow">
        <p>
          <a href="/orders">All my orders</a>
        </p>
        <h1>{nameOf(order.skuId)}</h1>
        {fault ? (
          <p class="alert" role="alert">
            {fault}
          </p>
        ) : null}
        <div class="card">
          <OrderPanel order={order} payWay={payWay} />
        </div>
        <p>
          <a href={`/sales/${order.saleId}`}>Back to the sale</a>
        </p>
      </div>
    ),
  });
}

export function renderOrders(props: {
  orders: readonly Order[];
  nameOf: NameOf;
  /** Where the shop signed the buyer in, only the shop can sign them out. */
  signOut: boolean;
}): Promise<string> {
  const { orders, nameOf, signOut } = props;
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
        {orders.length === 0 ? (
          <p class="empty">
            You have no orders yet. <a href="/">See the sales</a>
          </p>
        ) : (
          <ul class="orders">
            {orders.map((order) => (
              <OrderLine order={order} name={nameOf(order.skuId)} />
            ))}
          </ul>
        )}
      </div>
    ),
  });
}

const OrderLine = ({ order, name }: { order: Order; name: string }) => (
  <li class="card order-line">
    <div class="sku-head">
      <h2>
        <a href={`/orders/${order.id}`}>{name}</a>
      </h2>
      <Price money={times(order.unitPrice, order.quantity)} class="price" />
    </div>
    <p class="muted">
      <strong>{wordsFor(order).title}</strong>
      {order.quantity > 1 ? ` · ${order.quantity} units` : ""} · <Time at={order.createdAt} />
    </p>
  </li>
);

export function renderSignIn(next: string, origin: string, ways: SignInWays): Promise<string> {
  return renderDocument({
    title: "Sign in",
    personal: true,
    children: (
      <div class="page narrow">
        <h1>Sign in to see your orders</h1>
        <div class="card">
          <SignIn next={next} origin={origin} ways={ways} />
        </div>
      </div>
    ),
  });
}

/** What went wrong, said plainly, with a way on. */
export function renderFault(title: string, text: string): Promise<string> {
  return renderDocument({
    title,
    personal: true,
    children: (
      <div class="page narrow">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a class="action" href="/">
            See all sales
          </a>
        </p>
      </div>
    ),
  });
}

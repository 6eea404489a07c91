// The buyer's own pages: one order, giving it back, all orders, signing in to see them.
import type { Sale, Sku } from "../../catalog/schema.ts";
import type { Order } from "../../inventory/order.ts";
import { isSettling, needsPayment, wordsFor } from "../browser/words/order.ts";
import { times } from "../format.ts";
import { GIVE_BACK, GiveBackDialog, SignInDialog } from "./dialogs.tsx";
import { renderDocument } from "./layout.tsx";
import { type Known, OrderPanel } from "./order-panel.tsx";
import { Price, SignIn, type SignInWays, Time } from "./parts.tsx";
import type { PayWay } from "./pay-form.tsx";

/** Looks a SKU up; it may have left the catalog since it was ordered. */
export type Lookup = (skuId: string) => { entry: { sale: Sale }; sku: Sku } | undefined;

export const nameIn = (sku: Lookup, skuId: string): string => sku(skuId)?.sku.name ?? skuId;

interface OrderPageProps extends Known {
  sale: Sale | undefined;
  payWay: PayWay;
  signInWays: SignInWays;
}

export function renderOrder(props: OrderPageProps): Promise<string> {
  const { sale, payWay, signInWays, ...known } = props;
  const { order, name } = known;
  return renderDocument({
    title: `${wordsFor(order).title}: ${name}`,
    personal: true,
    sale,
    refresh: isSettling(order),
    children: (
      <div class="page narrow">
        <p>
          <a href="/orders">All my orders</a>
        </p>
        <h1 lang={sale?.language} dir="auto">
          {name}
        </h1>
        <div class="card">
          <OrderPanel known={known} payWay={payWay} sale={sale} />
        </div>
        {sale ? (
          <p>
            From <a href={`/sales/${sale.id}`}>{sale.title}</a>
          </p>
        ) : null}
        <GiveBackDialog />
        <SignInDialog title="Sign in again" next={`/orders/${order.id}`} ways={signInWays} />
      </div>
    ),
  });
}

/** Asks once more, for who has no JavaScript. */
export function renderGiveBack(order: Order, name: string, sale?: Sale): Promise<string> {
  return renderDocument({
    title: `Give back ${name}?`,
    personal: true,
    sale,
    children: (
      <div class="page narrow">
        <h1 dir="auto">Give back {name}?</h1>
        <p>{GIVE_BACK}</p>
        <a class="action" href={`/orders/${order.id}`}>
          Keep it
        </a>
        <form method="post" action={`/orders/${order.id}/cancel`}>
          <button class="quiet wide" type="submit">
            Yes, give it back
          </button>
        </form>
      </div>
    ),
  });
}

export function renderOrders(props: {
  orders: readonly Order[];
  sku: Lookup;
  /** Where the shop signed the buyer in, only the shop can sign them out. */
  signOut: boolean;
}): Promise<string> {
  const { orders, sku, signOut } = props;
  // What can still be lost comes first.
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
        {orders.length === 0 ? (
          <p class="empty">
            You have no orders yet. <a href="/">See the sales</a>
          </p>
        ) : (
          <ul class="orders">
            {sorted.map((order) => (
              <OrderLine order={order} name={nameIn(sku, order.skuId)} />
            ))}
          </ul>
        )}
      </div>
    ),
  });
}

const OrderLine = ({ order, name }: { order: Order; name: string }) => (
  <li
    class="card order-line"
    data-status={order.status}
    data-payment={order.payment ?? ""}
    data-unpaid={needsPayment(order) ? "" : undefined}
  >
    <div class="sku-head">
      <h2>
        <a href={`/orders/${order.id}`} dir="auto">
          {name}
        </a>
      </h2>
      <Price money={times(order.unitPrice, order.quantity)} class="price" />
    </div>
    <p class="status">
      {needsPayment(order) ? (
        <>
          Pay by <Time at={order.expiresAt} clock />
        </>
      ) : (
        wordsFor(order).title
      )}
    </p>
    <p class="muted">
      {order.quantity > 1 ? `${order.quantity} units · ` : ""}
      <Time at={order.createdAt} />
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

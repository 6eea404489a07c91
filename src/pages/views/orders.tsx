// The buyer's list of orders: what is held and must be paid comes first.
import type { Order } from "../../inventory/order.ts";
import type { OrderList } from "../../orders/my-orders.ts";
import { holdsUrl } from "../assets.ts";
import { describeOrder, needsPayment } from "../copy/order.ts";
import { itemName } from "../copy/product.ts";
import { formatLeft } from "../format.ts";
import { type Page, toShared } from "../page.ts";
import { ItemPicture, Price, Time } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { Say, usePage } from "./page-context.tsx";

export function renderOrders(
  page: Page,
  props: {
    list: OrderList;
    /** The server's time: milliseconds. */
    now: number;
    /** Whether to offer Sign out. If the shop signed the buyer in, only the shop can sign them out. */
    signOut: boolean;
    /** The language of the sale of the newest order, if its readers may need the page in the direction of that. */
    language?: string | undefined;
  },
): Promise<string> {
  const { list, signOut, now, language } = props;
  const { orders, nextCursor, incomplete } = list;
  const unpaid = orders.filter(needsPayment);
  const held = [...unpaid, ...orders.filter((order) => isHeld(order) && !needsPayment(order))];
  const others = orders.filter((order) => !isHeld(order));
  const { page: words } = page.wording.words;
  return renderDocument(page, {
    title: words.myOrders,
    personal: true,
    sale: { language },
    refresh: unpaid.length > 0 ? HOLDS_REFRESH_SECONDS : undefined,
    script: unpaid.length > 0 ? holdsUrl() : undefined,
    children: (
      <div class="page narrow">
        <div class="sku-head">
          <h1>{words.myOrders}</h1>
          {signOut ? (
            <form method="post" action="/logout">
              <button class="quiet" type="submit">
                {words.signOut}
              </button>
            </form>
          ) : null}
        </div>
        {incomplete ? <p role="status">{words.incomplete}</p> : null}
        {held.length > 0 ? (
          <section class="held" aria-labelledby="held">
            <p class="kicker" id="held">
              {words.heldNow}
            </p>
            <OrderLines {...{ orders: held, now }} />
          </section>
        ) : null}
        {others.length > 0 ? <OrderLines {...{ orders: others, now }} /> : null}
        {orders.length > 0 || incomplete ? null : (
          <p class="empty">
            {words.noOrders} <a href={toShared(page, "/")}>{words.browse}</a>
          </p>
        )}
        {nextCursor ? (
          <p>
            <a href={`/orders?cursor=${encodeURIComponent(nextCursor)}`}>{words.older}</a>
          </p>
        ) : null}
      </div>
    ),
  });
}

/** An order that holds units, or is being confirmed. */
const isHeld = ({ status }: Order): boolean => status === "reserved";

/** So often a list with holds reloads itself without JavaScript. */
const HOLDS_REFRESH_SECONDS = 15;

const OrderLines = ({ orders, now }: { orders: readonly Order[]; now: number }) => (
  <ul class="orders">
    {orders.map((order) => (
      <OrderLine {...{ order, now }} />
    ))}
  </ul>
);

/** How long an unpaid order is still held, and where to pay it. */
const Hold = ({ order, now }: { order: Order; now: number }) => {
  const { words } = usePage().wording;
  const left = Date.parse(order.expiresAt) - now;
  const time = (
    <time class="left" datetime={order.expiresAt} data-hold-left={String(left)}>
      {formatLeft(left)}
    </time>
  );
  return (
    <>
      <p class="status">
        <Say text={words.page.holdLeft} gaps={{ time }} />
      </p>
      <p class="muted">
        <Say text={words.page.payBy} gaps={{ time: <Time at={order.expiresAt} clock /> }} />
      </p>
      <a class="action" href={`/orders/${order.id}`}>
        <Say text={words.page.pay} gaps={{ total: <Price money={order.total} /> }} />
      </a>
    </>
  );
};

const OrderLine = ({ order, now }: { order: Order; now: number }) => {
  const { wording } = usePage();
  const { words, fill } = wording;
  return (
    <li
      class="card order-line"
      data-status={order.status}
      data-payment={order.payment ?? ""}
      data-unpaid={needsPayment(order) ? "" : undefined}
    >
      <ItemPicture item={order.item} />
      <div class="sku-head">
        <h2>
          <a href={`/orders/${order.id}`} dir="auto">
            {itemName(order.item)}
          </a>
        </h2>
        <Price money={order.total} class="price" />
      </div>
      {needsPayment(order) ? (
        <Hold {...{ order, now }} />
      ) : (
        <p class="status">{describeOrder(order, wording).title}</p>
      )}
      <p class="muted">
        {order.quantity > 1 ? `${fill(words.page.units, { n: order.quantity })} · ` : ""}
        <Time at={order.createdAt} /> · <span class="code">{order.number}</span>
      </p>
    </li>
  );
};

// The buyer's pages: one order, its cancellation, all orders, and sign-in.
import type { Sale } from "../../catalog/schema.ts";
import type { Order } from "../../inventory/order.ts";
import type { OrderList } from "../../orders/my-orders.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { holdsUrl } from "../assets.ts";
import { describeOrder, isSettling, needsPayment } from "../copy/order.ts";
import { itemName } from "../copy/product.ts";
import { formatLeft } from "../format.ts";
import { brandingOf, type Page, toSale, toShared } from "../page.ts";
import type { CardFormSettings } from "./card-form.tsx";
import { ItemPicture, Price, SignIn, type SignInOptions, Time } from "./components.tsx";
import { CancelDialog, SignInDialog } from "./dialogs.tsx";
import { renderDocument } from "./layout.tsx";
import { OrderPanel, type OrderView } from "./order-panel.tsx";
import { Say, shopText, usePage } from "./page-context.tsx";

interface OrderPageProps extends OrderView {
  /** The complete address of the page, for paper. */
  address: string;
  sale: Sale | undefined;
  paymentMode: PaymentMode;
  cardForm: CardFormSettings | undefined;
  signInOptions: SignInOptions;
}

/** The page of an order that is being processed reloads itself. */
const REFRESH_SECONDS = 3;

export function renderOrder(page: Page, props: OrderPageProps): Promise<string> {
  const { sale, paymentMode, cardForm, signInOptions, address, ...view } = props;
  const { order } = view;
  const { saleTitle, imageUrl } = order.item;
  const name = itemName(order.item);
  const theme = themeFor(page, order, sale);
  const { words } = page.wording;
  const source = (
    <bdi {...shopText(sale?.language)}>
      {sale ? <a href={toSale(page, sale)}>{saleTitle}</a> : saleTitle}
    </bdi>
  );
  return renderDocument(page, {
    title: `${describeOrder(order, page.wording).title}: ${name}`,
    personal: true,
    sale: { theme, language: sale?.language },
    refresh: isSettling(order) ? REFRESH_SECONDS : undefined,
    browserWords: ["refusal", "order", "panel", ...(cardForm ? (["card"] as const) : [])],
    children: (
      <div class="page narrow">
        <p>
          <a href="/orders">{words.page.allOrders}</a>
        </p>
        <h1 {...shopText(sale?.language)}>{name}</h1>
        {imageUrl === undefined ? null : (
          // The item's name is its heading, so the picture adds nothing for those who cannot see it.
          <img
            class="receipt"
            src={imageUrl}
            alt=""
            width="800"
            height="600"
            loading="lazy"
            data-behind
          />
        )}
        <div class="card">
          <OrderPanel
            view={view}
            paymentMode={paymentMode}
            cardForm={cardForm}
            language={sale?.language}
            theme={brandingOf(page, { theme })}
          />
        </div>
        <p>
          <Say text={words.page.from} gaps={{ sale: source }} />
        </p>
        <p class="address">{address}</p>
        <CancelDialog />
        <SignInDialog
          title={words.page.signInAgain}
          next={`/orders/${order.id}`}
          options={signInOptions}
        />
      </div>
    ),
  });
}

/** The theme of an order page: that of the sale, unless its seller changed since the order was placed. */
function themeFor(page: Page, { item: { seller } }: Order, sale: Sale | undefined): Sale["theme"] {
  const isSame = seller === undefined || brandingOf(page, sale).seller === seller;
  return isSame ? sale?.theme : { seller };
}

/** The confirmation page before a cancellation, for buyers without JavaScript. */
export function renderCancel(page: Page, order: Order, sale: Sale | undefined): Promise<string> {
  const name = itemName(order.item);
  const { words, fill } = page.wording;
  const item = <bdi {...shopText(sale?.language)}>{name}</bdi>;
  return renderDocument(page, {
    title: fill(words.page.cancelQuestion, { item: name }),
    personal: true,
    sale: { theme: themeFor(page, order, sale), language: sale?.language },
    children: (
      <div class="page narrow">
        <h1>
          <Say text={words.page.cancelQuestion} gaps={{ item }} />
        </h1>
        <p>{words.page.cancelWarning}</p>
        <a class="action" href={`/orders/${order.id}`}>
          {words.page.keep}
        </a>
        <form method="post" action={`/orders/${order.id}/cancel`}>
          <button class="quiet wide" type="submit">
            {words.page.yesCancel}
          </button>
        </form>
      </div>
    ),
  });
}

export function renderOrders(
  page: Page,
  props: {
    list: OrderList;
    /** The server's time: milliseconds. */
    now: number;
    /** Whether to offer Sign out. If the shop signed the buyer in, only the shop can sign them out. */
    signOut: boolean;
  },
): Promise<string> {
  const { list, signOut, now } = props;
  const { orders, nextCursor, incomplete } = list;
  const unpaid = orders.filter(needsPayment);
  const held = [...unpaid, ...orders.filter((order) => isHeld(order) && !needsPayment(order))];
  const others = orders.filter((order) => !isHeld(order));
  const { page: words } = page.wording.words;
  return renderDocument(page, {
    title: words.myOrders,
    personal: true,
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

export function renderSignIn(
  page: Page,
  next: string,
  origin: string,
  options: SignInOptions,
): Promise<string> {
  const { page: words } = page.wording.words;
  return renderDocument(page, {
    title: words.signIn,
    personal: true,
    children: (
      <div class="page narrow">
        <h1>{words.signInToSee}</h1>
        <div class="card">
          <SignIn next={next} origin={origin} options={options} />
        </div>
      </div>
    ),
  });
}

// The panel of one order: status, price, countdown, payment, cancellation. On the sale page it is an empty template
// that browser code fills; on the order page the server fills it.
import type { Branding } from "../../config/branding.ts";
import type { Order } from "../../inventory/order.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { languageOf } from "../../values/languages.ts";
import { describeOrder, holdsUnits, needsPayment } from "../copy/order.ts";
import { itemName } from "../copy/product.ts";
import { toShared } from "../page.ts";
import type { CardFormSettings } from "./card-form.tsx";
import { Price, Time } from "./components.tsx";
import { Say, shopText, usePage, useWords } from "./page-context.tsx";
import { PayForm, Total } from "./pay-form.tsx";

/** An order and the context of its page. */
export interface OrderView {
  order: Order;
  /** The server's time: milliseconds since 1970. */
  now: number;
  /** Why the last submitted form was refused. */
  fault?: string | undefined;
  /** What the buyer should know before paying: payments are paused. */
  notice?: string | undefined;
}

interface PanelProps {
  view?: OrderView;
  paymentMode: PaymentMode;
  cardForm?: CardFormSettings | undefined;
  /** The language of the shop's own text; undefined if the sale was deleted. */
  language: string | undefined;
  theme: Branding;
}

export const OrderPanel = ({ view, paymentMode, cardForm, language, theme }: PanelProps) => {
  const order = view?.order;
  // The heading level below the item's h2 on the sale page, or below the order page's h1.
  const Title = order ? "h2" : "h3";
  const page = usePage();
  const { words } = page.wording;
  const isExternal = paymentMode === "external";
  const told = order && describeOrder(order, page.wording, isExternal);
  const native = languageOf(language) ?? page.siteLanguage;
  const unpaid = order !== undefined && needsPayment(order);
  return (
    <section
      class="order"
      data-order={order?.id ?? ""}
      data-status={order?.status ?? ""}
      data-payment={order?.payment ?? ""}
      data-attempts={String(order?.attemptsLeft ?? "")}
      data-external={isExternal ? "" : undefined}
      data-initial={order ? JSON.stringify(order) : undefined}
      data-now={view ? String(view.now) : undefined}
    >
      <div>
        {order ? null : <p class="kicker" data-order-kicker></p>}
        <Title class="order-title" tabindex={-1} data-order-title>
          {told?.title}
        </Title>
      </div>
      <p data-order-text role="status">
        {(unpaid ? undefined : view?.notice) ?? told?.text}
      </p>
      <p class="sr" role="status" data-hold-said></p>
      <Summary view={view} language={language} />
      <p class="alert" role="alert" data-order-fault>
        {view?.fault}
      </p>
      <PayForm
        order={order}
        hidden={!unpaid}
        notice={view?.notice}
        paymentMode={paymentMode}
        cardForm={cardForm}
        theme={theme}
      />
      <form action={order ? `/orders/${order.id}/cancel` : "/orders"} hidden={!unpaid} data-cancel>
        <button class="quiet wide" type="submit">
          <span class="idle">{words.page.cancelReservation}</span>
          <span class="busy">{words.page.canceling}</span>
        </button>
      </form>
      {order ? (
        <>
          <a
            class="action"
            href={toShared(page, `/sales/${order.saleId}`, native)}
            hidden={holdsUnits(order)}
            data-again
          >
            {words.page.backToSale}
          </a>
          <OrderFacts order={order} />
        </>
      ) : (
        <OrderLink />
      )}
    </section>
  );
};

/** The order's item, quantity and total. */
const Summary = ({
  view,
  language,
}: {
  view: OrderView | undefined;
  language?: string | undefined;
}) => (
  <dl class="summary">
    <div>
      <dt>
        <span data-order-name {...shopText(language)}>
          {view && itemName(view.order.item)}
        </span>
        <span class="each" data-order-each>
          {view ? <Each order={view.order} /> : null}
        </span>
      </dt>
      <dd>
        <Total order={view?.order} />
      </dd>
    </div>
  </dl>
);

const Each = ({ order: { quantity, unitPrice } }: { order: Order }) => {
  const { words, fill, count } = usePage().wording;
  if (unitPrice.amount === 0) return <>{fill(words.panel.quantity, { n: quantity })}</>;
  const gaps = { n: count(quantity), price: <Price money={unitPrice} /> };
  return <Say text={words.panel.each} gaps={gaps} />;
};

const OrderLink = () => (
  <p class="order-link">
    <a href="/orders" data-order-link>
      {useWords().page.viewOrder}
    </a>
  </p>
);

const OrderFacts = ({ order }: { order: Order }) => {
  const { page: words } = useWords();
  const { seller } = order.item;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>{words.orderNumber}</dt>
          <dd class="code">{order.number}</dd>
        </div>
        <div>
          <dt>{words.placed}</dt>
          <dd>
            <Time at={order.createdAt} />
          </dd>
        </div>
        {seller === undefined ? null : (
          <div>
            <dt>{words.seller}</dt>
            <dd>
              <bdi>{seller}</bdi>
            </dd>
          </div>
        )}
      </dl>
      <WhatNext order={order} />
    </>
  );
};

/**
 * The texts of every status that may still come, of which the stylesheet shows the one that applies. So it follows the panel,
 * whose status the browser changes, without a script.
 */
const WhatNext = ({ order: { unitPrice } }: { order: Order }) => {
  const { page: words } = useWords();
  const isFree = unitPrice.amount === 0;
  return (
    <div class="next">
      <h3>{words.next}</h3>
      <p data-next="pay">{isFree ? words.nextWait : words.nextPay}</p>
      <p data-next="wait">{words.nextWait}</p>
      <p data-next="confirmed">{words.nextConfirmed}</p>
      <p data-next="over">{words.nextOver}</p>
      <p data-next="refund">{words.nextRefund}</p>
      <p data-next="failed">{words.nextFailed}</p>
    </div>
  );
};

// The buyer's pages of one order, and of its cancellation.
import type { Sale } from "../../catalog/schema.ts";
import type { Order } from "../../inventory/order.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { describeOrder, isSettling } from "../copy/order.ts";
import { itemName } from "../copy/product.ts";
import { brandingOf, type Page, toSale } from "../page.ts";
import type { CardFormSettings } from "./card-form.tsx";
import type { SignInOptions } from "./components.tsx";
import { CancelDialog, SignInDialog } from "./dialogs.tsx";
import { renderDocument } from "./layout.tsx";
import { OrderPanel, type OrderView } from "./order-panel.tsx";
import { Say, shopText } from "./page-context.tsx";

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

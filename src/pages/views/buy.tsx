// The order form for buying without JavaScript. It carries a fresh idempotency key and shows why an earlier
// submission was refused.
import type { Sale, Sku } from "../../catalog/schema.ts";
import { itemName } from "../copy/product.ts";
import { multiplyMoney } from "../format.ts";
import { brandingOf, type Page } from "../page.ts";
import { BackToSale, Seller, SignIn, type SignInOptions } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { shopText, useWords } from "./page-context.tsx";
import { TestCards } from "./pay-form.tsx";
import { SkuPrice } from "./prices.tsx";
import { holdNote } from "./sku-card.tsx";

/** The page of a sale that is far away looks for changes of its times. */
const LONGEST_WAIT_SECONDS = 3_600;

export interface BuyProps {
  sale: Sale;
  sku: Sku;
  quantity: number;
  /** The units that are left, if the buyer chose more. */
  lowered?: number | undefined;
  /** The idempotency key: submitting the form again finds the same order. */
  attemptKey: string;
  /** The visit token, if the sale may require a challenge. */
  visit?: string;
  signedIn: boolean;
  signInOptions: SignInOptions;
  /** This site's origin, for the return URL of the shop's sign-in page. */
  origin: string;
  refusal?: { title: string; text: string; orderId?: string | undefined };
  /** Whether the form asks for a payment method, because the payment must come with the order. */
  takesPayment?: boolean;
  /** Whether to offer the Confirm button: submitting the form can succeed. */
  open: boolean;
  /** Seconds until the sale opens. Absent once it did. */
  opensIn?: number | undefined;
}

export function renderBuy(page: Page, props: BuyProps): Promise<string> {
  const { sale, sku, refusal } = props;
  const { page: words } = page.wording.words;
  const note = holdNote(sku, page.wording);
  const path = `/sales/${sale.id}/skus/${sku.id}/buy`;
  return renderDocument(page, {
    title: `${refusal ? `${refusal.title}: ` : ""}${sku.name}`,
    personal: true,
    sale,
    // The sale may be moved meanwhile.
    refresh: props.opensIn && Math.min(props.opensIn, LONGEST_WAIT_SECONDS),
    children: (
      <div class="page narrow">
        <BackToSale sale={sale} />
        <h1>{refusal?.title ?? words.review}</h1>
        {refusal ? (
          <p class="alert" role="alert">
            {refusal.text}{" "}
            {refusal.orderId ? <a href={`/orders/${refusal.orderId}`}>{words.viewOrder}</a> : null}
          </p>
        ) : null}
        <div class="card stack">
          <Item {...props} />
          {props.lowered ? (
            <p role="status">{page.wording.fill(words.lowered, { n: props.lowered })}</p>
          ) : null}
          {note ? <p class="hint">{note}</p> : null}
          {!props.open && props.opensIn === undefined ? null : props.signedIn ? (
            <Confirm {...props} path={path} />
          ) : (
            <>
              <h2>{words.signInToBuy}</h2>
              <SignIn
                next={`${path}?quantity=${props.quantity}`}
                origin={props.origin}
                options={props.signInOptions}
              />
            </>
          )}
          <Seller theme={brandingOf(page, sale)} />
        </div>
      </div>
    ),
  });
}

/** The item to order, and its price. */
export const Item = ({ sale, sku, quantity }: Pick<BuyProps, "sale" | "sku" | "quantity">) => (
  <div class="sku-head">
    <p>
      <strong {...shopText(sale.language)}>{itemName(sku)}</strong>
      {quantity > 1 ? ` × ${quantity}` : ""}
    </p>
    <SkuPrice sku={multiplied(sku, quantity)} />
  </div>
);

/** The prices of several units. */
const multiplied = ({ unitPrice, compareAtPrice }: Sku, quantity: number) => ({
  unitPrice: multiplyMoney(unitPrice, quantity),
  compareAtPrice: compareAtPrice && multiplyMoney(compareAtPrice, quantity),
});

/** The button, or before the opening what leads to it. */
const Confirm = (props: BuyProps & { path: string }) =>
  props.opensIn === undefined ? (
    <ConfirmForm {...props} />
  ) : (
    <noscript>
      <p>{useWords().page.reloads}</p>
    </noscript>
  );

const ConfirmForm = ({
  path,
  sku,
  quantity,
  attemptKey,
  visit,
  takesPayment,
}: BuyProps & { path: string }) => {
  const { buy, page } = useWords();
  return (
    <form class="stack" method="post" action={path}>
      <input type="hidden" name="quantity" value={String(quantity)} />
      <input
        type="hidden"
        name="unitPrice"
        value={`${sku.unitPrice.amount} ${sku.unitPrice.currency}`}
      />
      <input type="hidden" name="key" value={attemptKey} />
      {visit ? <input type="hidden" name="visit" value={visit} /> : null}
      {takesPayment ? <TestCards /> : null}
      <button class="action" type="submit">
        {/* The law asks the button of an order with a price to say that it must be paid. */}
        {sku.unitPrice.amount > 0 ? buy.now : page.confirm}
      </button>
    </form>
  );
};

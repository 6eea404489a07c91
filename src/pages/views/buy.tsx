// Buying without JavaScript: a page made for this one attempt, with a key of its own, and what it is told
// when it is refused.
import type { Sale, Sku } from "../../catalog/schema.ts";
import { times } from "../format.ts";
import { renderDocument } from "./layout.tsx";
import { Price, Seller, SignIn, type SignInWays } from "./parts.tsx";
import { Cards } from "./pay-form.tsx";
import { holdNote } from "./sku-card.tsx";

export interface BuyProps {
  sale: Sale;
  sku: Sku;
  quantity: number;
  /** The idempotency key of this attempt: sending the form again finds the same order. */
  attemptKey: string;
  /** Proof that this page was looked at, where the sale may ask for one. */
  visit?: string;
  signedIn: boolean;
  signInWays: SignInWays;
  /** Of this site, for the way back from the shop's sign-in. */
  origin: string;
  refusal?: { title: string; text: string; orderId?: string | undefined };
  /** The payment must come with the order, and this page can take it. */
  paysNow?: boolean;
  /** Whether the order can be confirmed: trying makes sense, now. */
  open: boolean;
}

export function renderBuy(props: BuyProps): Promise<string> {
  const { sale, sku, refusal } = props;
  const path = `/sales/${sale.id}/skus/${sku.id}/buy`;
  return renderDocument({
    title: `${refusal ? `${refusal.title}: ` : ""}${sku.name}`,
    personal: true,
    sale,
    children: (
      <div class="page narrow">
        <p>
          <a href={`/sales/${sale.id}`}>
            Back to <bdi lang={sale.language}>{sale.title}</bdi>
          </a>
        </p>
        <h1>{refusal?.title ?? "Review your order"}</h1>
        {refusal ? (
          <p class="alert" role="alert">
            {refusal.text}{" "}
            {refusal.orderId ? <a href={`/orders/${refusal.orderId}`}>View your order</a> : null}
          </p>
        ) : null}
        <div class="card stack">
          <Item {...props} />
          {holdNote(sku) ? <p class="hint">{holdNote(sku)}</p> : null}
          {!props.open ? null : props.signedIn ? (
            <ConfirmForm {...props} path={path} />
          ) : (
            <>
              <h2>Sign in to buy</h2>
              <SignIn
                next={`${path}?quantity=${props.quantity}`}
                origin={props.origin}
                ways={props.signInWays}
              />
            </>
          )}
          <Seller theme={sale.theme} />
        </div>
      </div>
    ),
  });
}

const Item = ({ sale, sku, quantity }: BuyProps) => (
  <div class="sku-head">
    <p>
      <strong lang={sale.language} dir="auto">
        {sku.name}
      </strong>
      {quantity > 1 ? ` × ${quantity}` : ""}
    </p>
    <Price money={times(sku.unitPrice, quantity)} class="price" />
  </div>
);

const ConfirmForm = ({
  path,
  sku,
  quantity,
  attemptKey,
  visit,
  paysNow,
}: BuyProps & { path: string }) => (
  <form class="stack" method="post" action={path}>
    <input type="hidden" name="quantity" value={String(quantity)} />
    <input
      type="hidden"
      name="unitPrice"
      value={`${sku.unitPrice.amount} ${sku.unitPrice.currency}`}
    />
    <input type="hidden" name="key" value={attemptKey} />
    {visit ? <input type="hidden" name="visit" value={visit} /> : null}
    {paysNow ? <Cards /> : null}
    <button class="action" type="submit">
      Confirm order
    </button>
  </form>
);

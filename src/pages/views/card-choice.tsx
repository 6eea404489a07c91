// The page that collects a card before the order is placed. Browser code fills its card form and leads back to the sale
// page, which buys with the card.
import type { Sale, Sku } from "../../catalog/schema.ts";
import { itemName } from "../copy/product.ts";
import { multiplyMoney } from "../format.ts";
import { Item } from "./buy.tsx";
import { CardForm, type CardFormSettings } from "./card-form.tsx";
import { BackToSale, Price, Seller } from "./components.tsx";
import { renderDocument } from "./layout.tsx";

interface CardChoiceProps {
  sale: Sale;
  sku: Sku;
  quantity: number;
  /** Why the card is needed now. */
  why: string;
  settings: CardFormSettings;
}

export function renderCardChoice(props: CardChoiceProps): Promise<string> {
  const { sale, sku, quantity, why, settings } = props;
  const total = multiplyMoney(sku.unitPrice, quantity);
  return renderDocument({
    title: `Choose how to pay: ${itemName(sku)}`,
    personal: true,
    sale,
    children: (
      <div class="page narrow">
        <BackToSale sale={sale} />
        <h1>Choose how to pay</h1>
        <p>{why}</p>
        <div class="card stack" data-card-choice>
          <Item sale={sale} sku={sku} quantity={quantity} />
          <form
            class="stack pay"
            action={`/sales/${sale.id}`}
            data-sku={sku.id}
            data-quantity={String(quantity)}
          >
            <CardForm total={total} settings={settings} />
            <p class="alert" role="alert" data-choice-fault></p>
            <button class="action" type="submit" hidden data-pay-button>
              <span class="idle">
                Buy and pay <Price money={total} />
              </span>
              <span class="busy">Buying…</span>
            </button>
          </form>
          <p class="hint">You're charged only if you get the item.</p>
          <Seller theme={sale.theme} />
        </div>
      </div>
    ),
  });
}

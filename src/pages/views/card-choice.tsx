// The page that collects a card before the order is placed. Browser code fills its card form and leads back to the sale
// page, which buys with the card.
import type { Sale, Sku } from "../../catalog/schema.ts";
import { itemName } from "../copy/product.ts";
import { multiplyMoney } from "../format.ts";
import { brandingOf, type Page, toSale } from "../page.ts";
import { Item } from "./buy.tsx";
import { CardForm, type CardFormSettings } from "./card-form.tsx";
import { BackToSale, Price, Seller } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { Say } from "./page-context.tsx";

interface CardChoiceProps {
  sale: Sale;
  sku: Sku;
  quantity: number;
  settings: CardFormSettings;
}

export function renderCardChoice(page: Page, props: CardChoiceProps): Promise<string> {
  const { sale, sku, quantity, settings } = props;
  const { words, fill, join } = page.wording;
  const total = multiplyMoney(sku.unitPrice, quantity);
  return renderDocument(page, {
    title: fill(words.page.howToPayTitle, { item: itemName(sku) }),
    personal: true,
    browserWords: ["card"],
    sale,
    children: (
      <div class="page narrow">
        <BackToSale sale={sale} />
        <h1>{words.page.howToPay}</h1>
        <p>{join(words.refusal.unpaid, words.refusal.payHere)}</p>
        <div class="card stack" data-card-choice>
          <Item sale={sale} sku={sku} quantity={quantity} />
          <form
            class="stack pay"
            action={toSale(page, sale)}
            data-sku={sku.id}
            data-quantity={String(quantity)}
          >
            <CardForm total={total} settings={settings} />
            <p class="alert" role="alert" data-choice-fault></p>
            <button class="action" type="submit" hidden data-pay-button>
              <span class="idle">
                <Say text={words.page.buyAndPay} gaps={{ price: <Price money={total} /> }} />
              </span>
              <span class="busy">{words.page.buying}</span>
            </button>
          </form>
          <p class="hint">{words.page.chargedOnly}</p>
          <Seller theme={brandingOf(page, sale)} />
        </div>
      </div>
    ),
  });
}

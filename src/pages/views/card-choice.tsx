// The page that collects a card before the order is placed. Browser code fills its card form and leads back to the sale
// page, which buys with the card, or keeps it until the sale opens.
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
  /** The visitor who enters the card before the sale opens. Undefined once it is open. */
  user: Preparing | undefined;
}

interface Preparing {
  id: string;
  name: string;
}

export function renderCardChoice(page: Page, props: CardChoiceProps): Promise<string> {
  const { sale, sku, quantity, settings, user } = props;
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
        {user ? (
          <>
            <p class="signed-in">
              <Say text={words.ready.signedIn} gaps={{ user: <bdi>{user.name}</bdi> }} />
            </p>
            <p>{words.page.prepareText}</p>
          </>
        ) : (
          <p>{join(words.refusal.unpaid, words.refusal.payHere)}</p>
        )}
        <div class="card stack" data-card-choice>
          <Item sale={sale} sku={sku} quantity={quantity} />
          <form
            class="stack pay"
            action={toSale(page, sale)}
            data-sku={sku.id}
            data-quantity={String(quantity)}
            {...(user ? preparedFor(user, sku) : {})}
          >
            <CardForm total={total} settings={settings} />
            <p class="alert" role="alert" data-choice-fault></p>
            <button class="action" type="submit" hidden data-pay-button>
              <span class="idle">
                {user ? (
                  words.page.keepCard
                ) : (
                  <Say text={words.page.buyAndPay} gaps={{ price: <Price money={total} /> }} />
                )}
              </span>
              <span class="busy">{user ? words.page.keepCard : words.page.buying}</span>
            </button>
          </form>
          <p class="hint">{words.page.chargedOnly}</p>
          <Seller theme={brandingOf(page, sale)} />
        </div>
      </div>
    ),
  });
}

const preparedFor = ({ id }: Preparing, { unitPrice }: Sku) => ({
  "data-user": id,
  "data-amount": String(unitPrice.amount),
  "data-currency": unitPrice.currency,
});

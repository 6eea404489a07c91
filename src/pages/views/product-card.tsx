// The card of a product: its pictures, the picker of its options, and the offer of each of its SKUs. Without JavaScript the
// picker's form leads to the order form of the chosen SKU. Browser code (`browser/product.ts`) shows that SKU's offer instead.
import type { Card } from "../../catalog/items.ts";
import type { Sku } from "../../catalog/schema.ts";
import { optionText } from "../copy/product.ts";
import { buyButton } from "../copy/sale.ts";
import { stopWords } from "../copy/stop.ts";
import { pickPath } from "../item-paths.ts";
import { Markdown } from "../markdown.tsx";
import { Price } from "./components.tsx";
import { Gallery, picturesOf } from "./gallery.tsx";
import { ChosenLanguage, Form, shopText, usePage } from "./page-context.tsx";
import { PriceRange, rangeOf, SkuPrice } from "./prices.tsx";
import { Quantity } from "./quantity.tsx";
import { GetReady, SkuOffer, type SkuProps, skuData } from "./sku-card.tsx";

interface PickerProps {
  card: Card & { product: object };
  /** The offers of its SKUs. */
  offers: readonly SkuProps[];
}

interface ProductCardProps extends PickerProps {
  /** Whether the pictures are shown elsewhere on the page. */
  isPictured: boolean;
}

export const ProductCard = ({ card, offers, isPictured }: ProductCardProps) => {
  const { product, skus } = card;
  const { sale } = offers[0] as SkuProps;
  const pictures = isPictured ? [] : picturesOf(card);
  const isPicked = skus.length === 1;
  return (
    <li class="card product" data-product={product.id}>
      {pictures.length > 0 ? (
        <Gallery pictures={pictures} name={product.name} language={sale.language} />
      ) : null}
      <div class="sku-head">
        <h2 id={`name-product-${product.id}`} {...shopText(sale.language)}>
          {product.name}
        </h2>
        <ProductPrice skus={skus} />
      </div>
      {product.description ? (
        <div lang={sale.language}>
          <Markdown text={product.description} />
        </div>
      ) : null}
      {isPicked ? null : <Picker card={card} offers={offers} />}
      {offers.map((offer) => (
        <div class="sku offer" hidden={!isPicked} {...skuData(offer)}>
          <SkuOffer {...offer} Name="h3" />
        </div>
      ))}
    </li>
  );
};

/** One price with the earlier one if all SKUs have the same, else the range. */
const ProductPrice = ({ skus }: { skus: readonly Sku[] }) => {
  const [first, ...others] = skus as [Sku, ...Sku[]];
  const isSame = others.every(
    ({ unitPrice, compareAtPrice }) =>
      unitPrice.amount === first.unitPrice.amount &&
      compareAtPrice?.amount === first.compareAtPrice?.amount,
  );
  const range = rangeOf(skus);
  if (isSame || !range) return <SkuPrice sku={first} />;
  return (
    <p class="price">
      <PriceRange range={range} />
    </p>
  );
};

/**
 * The picker with its button, which is enabled if one of the options can be bought. The element `name-product-<id>` has the
 * product's name.
 */
export const Picker = ({ card, offers }: PickerProps) => {
  const { product, skus } = card;
  const [{ sale }] = offers as [SkuProps];
  const id = `product-${product.id}`;
  const { wording } = usePage();
  const buttons = offers.map(({ state, stock, stop }) =>
    buyButton({ sale: state, stock, notYet: stop && stopWords(stop, wording) }, wording),
  );
  const { label, why } = buttons.find((button) => button.why === undefined) ?? buttons[0] ?? {};
  return (
    <Form class="buy" action={pickPath(sale)} method="get" data-pick>
      <ChosenLanguage />
      <Options offers={offers} />
      <div class="buy" data-unpicked>
        <Quantity of={id} limit={Math.max(...skus.map(({ perUserLimit }) => perUserLimit))} />
        <button
          class="action"
          id={`buy-${id}`}
          type="submit"
          disabled={why !== undefined}
          aria-labelledby={`buy-${id} name-${id}`}
        >
          {label}
        </button>
        {offers.some(({ state }) => state === "upcoming") ? <GetReady /> : null}
      </div>
    </Form>
  );
};

/** The options as radio buttons. Each has its price if they differ, and what is left of it. */
const Options = ({ offers }: Pick<PickerProps, "offers">) => {
  const { wording } = usePage();
  const leftOf = ({ state, stock, stop }: SkuProps) =>
    state === "open" ? optionText(stock, stop && stopWords(stop, wording), wording) : "";
  const isOnePrice = new Set(offers.map(({ sku }) => sku.unitPrice.amount)).size === 1;
  return (
    <fieldset class="options">
      <legend>{wording.words.page.choose}</legend>
      <div>
        {offers.map((offer) => (
          <label class="option" data-option={offer.sku.id} data-stock={offer.stock?.state}>
            <input type="radio" name="sku" value={offer.sku.id} required />
            <span {...shopText(offer.sale.language)}>{offer.sku.option}</span>
            {isOnePrice ? null : <Price money={offer.sku.unitPrice} />}
            <small data-option-left>{leftOf(offer)}</small>
          </label>
        ))}
      </div>
    </fieldset>
  );
};

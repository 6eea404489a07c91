// The card of one item: name, price, purchase limit, stock, and the Buy button. A product's card has the same for each of
// its SKUs (see `product-card.tsx`).
import type { SaleState, Stop } from "../../catalog/sale-state.ts";
import type { Sale, Sku } from "../../catalog/schema.ts";
import { buyButton, type Stock, stockText } from "../copy/sale.ts";
import { stopWords } from "../copy/stop.ts";
import type { Wording } from "../copy/wording.ts";
import { Gallery, picturesOf } from "./gallery.tsx";
import { ChosenLanguage, Form, Say, shopText, usePage, useWords } from "./page-context.tsx";
import { SkuPrice } from "./prices.tsx";
import { Quantity } from "./quantity.tsx";

export interface SkuProps {
  sale: Sale;
  sku: Sku;
  state: SaleState;
  /** Set if no unit was free when the page was rendered. Other counts change too fast for a cached page. */
  stock: Stock | undefined;
  /** Set if an operator stopped the orders for this item. */
  stop: Stop | undefined;
  /** Whether the top of the page says why. */
  isExplained: boolean;
}

/** What browser code reads of an item. */
export const skuData = ({ sku, stock, stop }: Pick<SkuProps, "sku" | "stock" | "stop">) => ({
  "data-sku": sku.id,
  "data-stock": stock?.state,
  "data-stopped": stop && "",
  "data-limit": sku.perUserLimit,
  "data-amount": String(sku.unitPrice.amount),
  "data-currency": sku.unitPrice.currency,
});

export const SkuCard = (props: SkuProps) => {
  const { sale, sku } = props;
  const pictures = picturesOf({ skus: [sku] });
  return (
    <li class="card sku" {...skuData(props)}>
      {pictures.length > 0 ? (
        <Gallery pictures={pictures} name={sku.name} language={sale.language} />
      ) : null}
      <SkuOffer {...props} Name="h2" />
    </li>
  );
};

/** The contents of an item's card. `Name`: the heading that its name is. */
export const SkuOffer = (props: SkuProps & { Name: "h2" | "h3" }) => {
  const { sale, sku, state, stock, stop, isExplained, Name } = props;
  const { id, perUserLimit } = sku;
  const page = usePage();
  const { wording } = page;
  const notYet = stop && stopWords(stop, wording);
  const { label, why } = buyButton({ sale: state, stock, notYet }, wording);
  return (
    <>
      <div class="sku-head">
        <Name id={`name-${id}`} {...shopText(sale.language)}>
          {sku.name}
        </Name>
        <SkuPrice sku={sku} />
      </div>
      <p class="terms" id={`terms-${id}`}>
        {perUserLimit === sale.perUserLimit ? null : (
          <span>{wording.fill(wording.words.page.perPerson, { n: perUserLimit })}</span>
        )}
        <span class="stock" data-left>
          {stockText(stock, state, wording)}
        </span>
      </p>
      <Form class="buy" action={`/sales/${sale.id}/skus/${id}/buy`} method="get" data-buy>
        <ChosenLanguage />
        <Quantity of={id} limit={perUserLimit} />
        {perUserLimit > 1 ? <Total /> : null}
        <button
          class="action"
          id={`buy-${id}`}
          type="submit"
          disabled={why !== undefined}
          aria-labelledby={`buy-${id} name-${id}`}
          aria-describedby={`terms-${id} note-${id}`}
        >
          {label}
        </button>
        {state === "upcoming" ? <GetReady /> : null}
      </Form>
      <p class="hint" id={`note-${id}`} data-note>
        {state === "closed" ? "" : holdNote(sku, wording)}
      </p>
      <p class="message" role="status" data-message></p>
      {stop && !isExplained ? (
        <noscript>
          <p class="message">{notYet?.why}</p>
        </noscript>
      ) : null}
      <div data-challenge-slot></div>
      <div data-order-slot></div>
    </>
  );
};

/** Before the opening, without JavaScript: leads to the order form, which keeps the choice and waits for the opening. */
export const GetReady = () => (
  <noscript>
    <button class="quiet wide" type="submit">
      {useWords().page.getReady}
    </button>
  </noscript>
);

/** The price of several units. Browser code fills it in. */
const Total = () => (
  <output class="total" hidden data-total>
    <Say text={useWords().page.sum} gaps={{ total: <strong data-sum></strong> }} />
  </output>
);

/** States how long a reservation lasts; empty for a free item. */
export const holdNote = ({ unitPrice, holdSeconds }: Sku, wording: Wording): string =>
  unitPrice.amount === 0
    ? ""
    : wording.fill(wording.words.page.holdNote, { time: holdTime(holdSeconds, wording) });

const UNITS = [
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** "5 minutes", "90 seconds": the largest unit that needs no fraction. */
function holdTime(seconds: number, { duration }: Wording): string {
  const [size, unit] = UNITS.find(([size]) => seconds % size === 0) ?? [1, "second"];
  return duration(seconds / size, unit);
}

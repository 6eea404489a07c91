// The card of one item: name, price, purchase limit, stock, and the Buy button.
import type { SaleState, Stop } from "../../catalog/sale-state.ts";
import type { Sale, Sku } from "../../catalog/schema.ts";
import { buyButton, type Stock, stockText } from "../copy/sale.ts";
import { Price } from "./components.tsx";

interface SkuCardProps {
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

export const SkuCard = ({ sale, sku, state, stock, stop, isExplained }: SkuCardProps) => {
  const { id, perUserLimit } = sku;
  const { label, why } = buyButton({ sale: state, stock, notYet: stop });
  return (
    <li
      class="card sku"
      data-sku={id}
      data-stock={stock?.state}
      data-limit={perUserLimit}
      data-amount={String(sku.unitPrice.amount)}
      data-currency={sku.unitPrice.currency}
    >
      <div class="sku-head">
        <h2 id={`name-${id}`} lang={sale.language} dir="auto">
          {sku.name}
        </h2>
        <Price money={sku.unitPrice} class="price" />
      </div>
      <p class="terms" id={`terms-${id}`}>
        <span>{`Limit ${perUserLimit} per person`}</span>
        <span class="stock" data-left>
          {stockText(stock, state)}
        </span>
      </p>
      <form class="buy" action={`/sales/${sale.id}/skus/${id}/buy`} method="get" data-buy>
        {perUserLimit > 1 ? <Quantity sku={sku} /> : null}
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
      </form>
      <p class="hint" id={`note-${id}`} data-note>
        {state === "closed" ? "" : holdNote(sku)}
      </p>
      <p class="message" role="status" data-message></p>
      {stop && !isExplained ? (
        <noscript>
          <p class="message">{stop.why}</p>
        </noscript>
      ) : null}
      <div data-challenge-slot></div>
      <div data-order-slot></div>
    </li>
  );
};

/** The longest list of quantities. A buyer with a higher limit can place another order. */
const MAX_CHOICES = 10;

const Quantity = ({ sku: { id, perUserLimit } }: { sku: Sku }) => (
  <div class="quantity">
    <label for={`quantity-${id}`} id={`quantity-label-${id}`}>
      Quantity
    </label>
    <select
      id={`quantity-${id}`}
      name="quantity"
      autocomplete="off"
      aria-labelledby={`quantity-label-${id} name-${id}`}
    >
      {Array.from({ length: Math.min(perUserLimit, MAX_CHOICES) }, (_, i) => (
        <option value={String(i + 1)}>{i + 1}</option>
      ))}
    </select>
  </div>
);

/** States how long a reservation lasts; empty for a free item. */
export const holdNote = ({ unitPrice, holdSeconds }: Sku): string =>
  unitPrice.amount === 0 ? "" : `Reserved for ${duration(holdSeconds)} while you pay`;

const UNITS: [seconds: number, name: string][] = [
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** "5 minutes", "90 seconds": the largest unit that needs no fraction. */
function duration(seconds: number): string {
  const [size, name] = UNITS.find(([size]) => seconds % size === 0) ?? [1, "second"];
  const count = seconds / size;
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

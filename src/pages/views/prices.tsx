// Prices of items: one with the earlier price beside it, and the range of several.
import type { Sku } from "../../catalog/schema.ts";
import type { Money } from "../../money.ts";
import { INSTEAD_OF } from "../copy/product.ts";
import { Price } from "./components.tsx";

type Priced = Pick<Sku, "unitPrice" | "compareAtPrice">;

/** The price of an item, and its earlier price struck through. */
export const SkuPrice = ({ sku: { unitPrice, compareAtPrice } }: { sku: Priced }) => (
  <p class="prices">
    <Price money={unitPrice} class="price" />
    {compareAtPrice ? <Was money={compareAtPrice} /> : null}
  </p>
);

/** Most screen readers do not tell that a text is struck through, so words say it. */
const Was = ({ money }: { money: Money }) => (
  <span class="was" data-was>
    {" "}
    <span class="sr">{INSTEAD_OF} </span>
    <s>
      <Price money={money} />
    </s>
  </span>
);

/**
 * "$5.00 – $9.00", "Free – $120.00", or a single price. Nothing if the prices are in different currencies.
 *
 * @param before a text that comes first
 */
export const PriceRange = ({
  skus,
  class: name,
  before,
}: {
  skus: readonly Priced[];
  class?: string;
  before?: string;
}) => {
  const prices = skus.map(({ unitPrice }) => unitPrice).sort((a, b) => a.amount - b.amount);
  const [lowest, highest] = [prices[0], prices[prices.length - 1]] as [Money, Money];
  if (prices.some(({ amount, currency }) => amount > 0 && currency !== highest.currency))
    return null;
  return (
    <span class={name}>
      {before}
      <Price money={lowest} />
      {lowest.amount === highest.amount ? null : (
        <>
          {" – "}
          <Price money={highest} />
        </>
      )}
    </span>
  );
};

// Prices of items: one with the earlier price beside it, and the range of several.
import type { Sku } from "../../catalog/schema.ts";
import type { Money } from "../../values/money.ts";
import { Price } from "./components.tsx";
import { useWords } from "./page-context.tsx";

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
    <span class="sr">{useWords().page.insteadOf} </span>
    <s>
      <Price money={money} />
    </s>
  </span>
);

/** The lowest and the highest price, or the only one. Undefined if the prices are in different currencies. */
export function rangeOf(skus: readonly Priced[]): [Money, Money?] | undefined {
  const prices = skus.map(({ unitPrice }) => unitPrice).sort((a, b) => a.amount - b.amount);
  const [lowest, highest] = [prices[0], prices[prices.length - 1]] as [Money, Money];
  if (prices.some(({ amount, currency }) => amount > 0 && currency !== highest.currency))
    return undefined;
  return lowest.amount === highest.amount ? [lowest] : [lowest, highest];
}

/** "$5.00 – $9.00", "Free – $120.00", or a single price. */
export const PriceRange = ({ range: [lowest, highest] }: { range: [Money, Money?] }) => (
  <>
    <Price money={lowest} />
    {highest ? (
      <>
        {" – "}
        <Price money={highest} />
      </>
    ) : null}
  </>
);

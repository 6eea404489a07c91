// The list of sales: open, upcoming, closed.
import { cardsOf } from "../../catalog/items.ts";
import type { SalesPage } from "../../catalog/list.ts";
import type { SaleState } from "../../catalog/sale-state.ts";
import { type Sale, saleState } from "../../catalog/schema.ts";
import { homeUrl } from "../assets.ts";
import type { Badge } from "../copy/sale.ts";
import { type Page, toSale, toShared } from "../page.ts";
import { StateBadge } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { shopText, usePage } from "./page-context.tsx";
import { Picture } from "./picture.tsx";
import { PriceRange, rangeOf } from "./prices.tsx";

const STATE_ORDER: SaleState[] = ["open", "upcoming", "closed"];

interface Listed {
  sale: Sale;
  state: SaleState;
  /** The state that its badge shows. */
  shown: Badge;
}

/** The sort key within a state: by next event, and the most recently closed first. */
const sortKey = ({ sale, state }: Listed): number =>
  state === "upcoming"
    ? Date.parse(sale.opensAt)
    : Date.parse(sale.closesAt) * (state === "open" ? 1 : -1);

/** One page of the list. `unavailable`: the badges of open sales without a free unit, by sale id. */
export function renderHome(
  page: Page,
  { sales, next }: SalesPage,
  unavailable: ReadonlyMap<string, Badge>,
  now: number,
): Promise<string> {
  const listed = sales
    .map((sale) => ({ sale, state: saleState(sale, now) }))
    .map((each) => ({ ...each, shown: unavailable.get(each.sale.id) ?? each.state }))
    .sort(
      (a, b) =>
        STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) || sortKey(a) - sortKey(b),
    );
  const { page: words } = page.wording.words;
  return renderDocument(page, {
    title: words.sales,
    description: words.salesAbout,
    browserWords: ["badge", "when"],
    script: homeUrl(),
    children: (
      <div class="page">
        <h1>{words.sales}</h1>
        {listed.length === 0 ? (
          <p class="empty">{words.noSales}</p>
        ) : (
          <ul class="sales">
            {listed.map((each) => (
              <SaleCard {...each} />
            ))}
          </ul>
        )}
        {next === undefined ? null : (
          <p>
            <a href={toShared(page, `/?cursor=${next}`)} rel="next">
              {words.moreSales}
            </a>
          </p>
        )}
      </div>
    ),
  });
}

const SaleCard = ({ sale, state, shown }: Listed) => {
  const at = state === "upcoming" ? sale.opensAt : sale.closesAt;
  const range = rangeOf(sale.skus);
  const page = usePage();
  const { words, fill, time } = page.wording;
  return (
    <li
      class="card sale-card"
      data-listed={sale.id}
      data-items={String(sale.skus.length)}
      data-state={state}
      data-opens-at={sale.opensAt}
      data-closes-at={sale.closesAt}
    >
      <div class="thumb">
        <Picture sale={sale} thumbnail />
        {sale.theme?.logoUrl ? (
          <img class="logo" src={sale.theme.logoUrl} alt="" height="32" data-behind />
        ) : null}
      </div>
      <StateBadge state={shown} />
      <h2 {...shopText(sale.language)}>
        <a href={toSale(page, sale)}>{sale.title}</a>
      </h2>
      <p class="muted">
        <span data-when>{words.when[state]}</span>{" "}
        <time datetime={at} data-local="" data-at>
          {time(at)}
        </time>
      </p>
      <p class="muted">
        {fill(words.page.items, { n: cardsOf(sale).length })}
        {range ? (
          <>
            {" · "}
            <PriceRange range={range} />
          </>
        ) : null}
      </p>
    </li>
  );
};

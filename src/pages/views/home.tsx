// The list of sales: open, upcoming, closed.
import { cardsOf } from "../../catalog/items.ts";
import type { SalesPage } from "../../catalog/list.ts";
import type { SaleState } from "../../catalog/sale-state.ts";
import { type Sale, saleState } from "../../catalog/schema.ts";
import { type Badge, timeLabel } from "../copy/sale.ts";
import { formatTime } from "../format.ts";
import { StateBadge } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
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
  return renderDocument({
    title: "Sales",
    description: "Flash sales: see what is open now and what opens next.",
    children: (
      <div class="page">
        <h1>Sales</h1>
        {listed.length === 0 ? (
          <p class="empty">No sales yet. Check back soon.</p>
        ) : (
          <ul class="sales">
            {listed.map((each) => (
              <SaleCard {...each} />
            ))}
          </ul>
        )}
        {next === undefined ? null : (
          <p>
            <a href={`/?cursor=${next}`} rel="next">
              More sales
            </a>
          </p>
        )}
      </div>
    ),
  });
}

const itemCount = (count: number): string => (count === 1 ? "1 item" : `${count} items`);

const SaleCard = ({ sale, state, shown }: Listed) => {
  const at = state === "upcoming" ? sale.opensAt : sale.closesAt;
  const range = rangeOf(sale.skus);
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
      <h2 lang={sale.language} dir="auto">
        <a href={`/sales/${sale.id}`}>{sale.title}</a>
      </h2>
      <p class="muted">
        <span data-when>{timeLabel(state)}</span>{" "}
        <time datetime={at} data-local="" data-at>
          {formatTime(at)}
        </time>
      </p>
      <p class="muted">
        {itemCount(cardsOf(sale).length)}
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

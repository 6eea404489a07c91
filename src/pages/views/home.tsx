// The list of sales: what is open, what comes, what is over.
import { type Sale, type SaleState, saleState } from "../../catalog/schema.ts";
import { formatMoney } from "../format.ts";
import { Art } from "./art.tsx";
import { renderDocument } from "./layout.tsx";
import { StateBadge, Time } from "./parts.tsx";

const ORDER: SaleState[] = ["open", "upcoming", "closed"];

export function renderHome(sales: readonly Sale[], now: number): Promise<string> {
  const listed = sales
    .map((sale) => ({ sale, state: saleState(sale, now) }))
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return renderDocument({
    title: "Sales",
    description: "Flash sales: what is open now and what opens next.",
    children: (
      <div class="page">
        <h1>Sales</h1>
        {listed.length === 0 ? (
          <p class="empty">Nothing is on sale yet. Come back soon.</p>
        ) : (
          <ul class="sales">
            {listed.map(({ sale, state }) => (
              <SaleCard sale={sale} state={state} />
            ))}
          </ul>
        )}
      </div>
    ),
  });
}

const SaleCard = ({ sale, state }: { sale: Sale; state: SaleState }) => (
  <li
    class={`card sale-card${state === "closed" ? " over" : ""}`}
    data-listed
    data-opens-at={sale.opensAt}
    data-closes-at={sale.closesAt}
  >
    <div class="thumb">
      <Art accent={sale.theme?.accent} />
    </div>
    <StateBadge state={state} />
    <h2>
      <a href={`/sales/${sale.id}`}>{sale.title}</a>
    </h2>
    <p class="muted">
      {state === "closed" ? "Ended " : state === "open" ? "Closes " : "Opens "}
      <Time at={state === "upcoming" ? sale.opensAt : sale.closesAt} />
    </p>
    <p class="muted">
      {sale.skus.length === 1 ? "1 item" : `${sale.skus.length} items`}, {fromPrice(sale)}
    </p>
  </li>
);

function fromPrice({ skus }: Sale): string {
  const [first] = [...skus].sort((a, b) => a.unitPrice.amount - b.unitPrice.amount);
  if (!first || first.unitPrice.amount === 0) return skus.length === 1 ? "free" : "from free";
  return `${skus.length === 1 ? "" : "from "}${formatMoney(first.unitPrice)}`;
}

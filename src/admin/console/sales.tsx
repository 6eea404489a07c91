// The list of sales: state, times, and units.
import type { SaleWithStock } from "../../catalog/registry-types.ts";
import { isListed, type Sale, saleState } from "../../catalog/schema.ts";
import type { Operator } from "../../http/request.ts";
import type { Metrics } from "../../observability/read-metrics.ts";
import { renderConsole } from "./layout.tsx";
import { Age, Count, LocalTime, Table } from "./parts.tsx";

interface SalesProps {
  operator: Operator;
  shown: readonly SaleWithStock[];
  /** The cursor of the next page. */
  next: string | undefined;
  /** Null while they cannot be read. */
  metrics: Metrics | null;
  now: number;
}

/** Units of a sale in a state, of all its SKUs that were sold from since metrics exist. */
function unitsOf({ series }: Metrics, saleId: string, state: string): number {
  return series.reduce(
    (sum, { type, name, labels, total }) =>
      type === "gauge" && name === "units" && labels.sale === saleId && labels.state === state
        ? sum + total
        : sum,
    0,
  );
}

export const renderSales = ({ operator, shown, next, metrics, now }: SalesProps) =>
  renderConsole({
    title: "Sales",
    operator,
    refresh: 10,
    children: (
      <>
        <h1>Sales</h1>
        {operator.role === "operator" ? (
          <p class="links">
            <a href="/admin/new-sale">New sale</a>
            {shown.length > 0 ? <a href="/admin/new-sale?from=">Duplicate the last sale</a> : null}
          </p>
        ) : null}
        {metrics ? (
          <p>
            Sold and held <Age asOf={new Date(metrics.asOf).toISOString()} />
          </p>
        ) : (
          <p class="fault">Sold and held units are not known now.</p>
        )}
        {shown.length === 0 ? (
          <p>No sales yet.</p>
        ) : (
          <Table
            caption="Sales"
            head={["Sale", "State", "Sold", "Held", "Stock", "Opens", "Closes"]}
            rows={shown.map(({ registered, stocked }) => {
              const sale = registered.sale as Sale;
              const { id, title, opensAt, closesAt } = sale;
              return [
                <a href={`/admin/sales/${id}`}>
                  <bdi>{title}</bdi>
                </a>,
                isListed(sale) ? saleState(sale, now) : `${saleState(sale, now)}, unlisted`,
                <Count value={metrics && unitsOf(metrics, id, "sold")} />,
                <Count value={metrics && unitsOf(metrics, id, "held")} />,
                <Count value={Object.values(stocked).reduce((sum, units) => sum + units, 0)} />,
                <LocalTime at={opensAt} />,
                <LocalTime at={closesAt} />,
              ];
            })}
          />
        )}
        {next === undefined ? null : (
          <p>
            <a href={`/admin?cursor=${next}`} rel="next">
              More sales
            </a>
          </p>
        )}
      </>
    ),
  });

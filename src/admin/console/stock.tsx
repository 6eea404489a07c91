// The page of a sale's stock: units put on sale of each item, its orders to download, and a form to restock.
import type { Sale } from "../../catalog/schema.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import { Done, Faults, Field, Reason, Select } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Count, ItemName, Table } from "./parts.tsx";
import type { StockForm } from "./stock-form.ts";

interface StockProps {
  operator: Operator;
  sale: Sale;
  /** SKU id → units that its object puts on sale. */
  stocked: Readonly<Record<string, number>>;
  isDone: boolean;
  /** The idempotency key of the next restock. */
  key: string;
  form?: StockForm;
  issues?: readonly Issue[];
}

export const renderStock = (props: StockProps): Promise<string> =>
  renderConsole({
    title: `Stock of ${props.sale.title}`,
    operator: props.operator,
    children: (
      <>
        <h1>
          Stock of <bdi>{props.sale.title}</bdi>
        </h1>
        <p class="links">
          <a href={`/admin/sales/${props.sale.id}`}>Figures</a>
        </p>
        <Done text={props.isDone ? "The stock is changed." : undefined} />
        <Faults issues={props.issues} />
        <Items {...props} />
        {props.operator.role === "operator" ? <Restock {...props} /> : null}
      </>
    ),
  });

const Items = ({ sale, stocked }: StockProps) => (
  <Table
    caption="Items"
    head={["Item", "Stock", "Orders"]}
    rows={sale.skus.map(({ id, name }) => [
      <ItemName {...{ id, name }} />,
      <Count value={stocked[id]} />,
      <a href={`/api/admin/skus/${id}/orders.csv`}>Download as CSV</a>,
    ])}
  />
);

const Restock = ({ sale, key, form }: StockProps) => (
  <form class="change" method="post" action={`/admin/sales/${sale.id}/stock`}>
    <h2>Restock</h2>
    <input type="hidden" name="key" value={form?.key ?? key} />
    <Select
      {...{ name: "skuId", label: "Item", chosen: form?.skuId }}
      options={sale.skus.map(({ id, name }) => [id, `${name} (${id})`])}
    />
    <Field
      {...{ name: "quantity", label: "Units", value: form?.quantity, required: true }}
      hint="To add. With a minus: free units to remove."
    />
    <Reason form="restock" value={form?.reason} />
    <p>
      <button type="submit">Restock</button>
    </p>
  </form>
);

// The money and the draw of a sale on the page of its report.
import { formatMoney } from "../../pages/format.ts";
import type { Report } from "../report/document.ts";
import { Table } from "./parts.tsx";

export const Money = ({ money: { totals, faults, faultCount } }: Report) => (
  <>
    <h2>Money</h2>
    {totals.length === 0 ? <p>No orders.</p> : null}
    {totals.length > 0 ? (
      <Table
        caption="Money by currency"
        head={["Currency", "Charged", "Refunded", "Confirmed orders", "To return"]}
        rows={totals.map(({ currency, ...amounts }) => [
          currency,
          ...[amounts.charged, amounts.refunded, amounts.sold, amounts.toReturn].map((amount) =>
            formatMoney({ amount, currency }),
          ),
        ])}
      />
    ) : null}
    {faultCount > 0 ? (
      <Table
        caption={`Orders that contradict their payment: ${faultCount}`}
        head={["Order", "Fault"]}
        rows={faults.map(({ orderId, fault }) => [
          <a href={`/admin/orders/${orderId}`}>{orderId}</a>,
          fault,
        ])}
      />
    ) : null}
  </>
);

export const Draw = ({ draw }: Report) =>
  draw ? (
    <>
      <h2>Draw</h2>
      <Table
        caption="The draw, recomputed"
        head={["Check", "Holds", "Found"]}
        rows={draw.map(({ name, ok, detail }) => [
          name,
          ok ? "yes" : <strong class="fault">no</strong>,
          <span class="words">{detail}</span>,
        ])}
      />
    </>
  ) : null;

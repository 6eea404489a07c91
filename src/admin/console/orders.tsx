// The page to find orders: by the id of an order or of a user.
import type { Operator } from "../../http.ts";
import type { OrderList } from "../../orders/my-orders.ts";
import { formatMoney } from "../../pages/format.ts";
import { renderConsole } from "./layout.tsx";
import { Count, LocalTime, Table } from "./parts.tsx";

interface OrdersProps {
  operator: Operator;
  /** The id that was looked for. */
  find: string;
  /** The orders of the user with this id. Absent before a search. */
  found?: OrderList;
}

export const renderOrders = ({ operator, find, found }: OrdersProps): Promise<string> =>
  renderConsole({
    title: "Orders",
    operator,
    children: (
      <>
        <h1>Orders</h1>
        <form class="change" action="/admin/orders">
          <label>
            <span>Id of an order or a user</span>
            <input type="search" name="find" value={find} required maxlength={128} />
          </label>
          <p>
            <button type="submit">Find</button>
          </p>
        </form>
        {found ? <Found {...found} user={find} isOperator={operator.role === "operator"} /> : null}
      </>
    ),
  });

/** Fills in the form of the rules. */
const DENIED = { effect: "deny", kind: "user" };

interface FoundProps extends OrderList {
  user: string;
  isOperator: boolean;
}

const Found = ({ user, isOperator, orders, nextCursor, incomplete }: FoundProps) => (
  <section>
    <h2>
      Orders of <bdi>{user}</bdi>
    </h2>
    {isOperator ? (
      <p>
        <a href={`/admin/rules?${new URLSearchParams({ ...DENIED, value: user })}#change`}>
          Deny this user
        </a>
      </p>
    ) : null}
    {incomplete ? <p class="fault">Some orders may be missing now.</p> : null}
    {orders.length === 0 ? (
      <p>No orders.</p>
    ) : (
      <Table
        caption="Orders, newest first"
        head={["Order", "Item", "Status", "Payment", "Quantity", "Total", "Ordered"]}
        rows={orders.map(({ id, item, status, payment, quantity, total, createdAt }) => [
          <a href={`/admin/orders/${id}`}>{id}</a>,
          <bdi>{item.name}</bdi>,
          status,
          payment ?? "none",
          <Count value={quantity} />,
          formatMoney(total),
          <LocalTime at={createdAt} />,
        ])}
      />
    )}
    {nextCursor === undefined ? null : (
      <p>
        <a
          href={`/admin/orders?${new URLSearchParams({ find: user, cursor: nextCursor })}`}
          rel="next"
        >
          Older orders
        </a>
      </p>
    )}
  </section>
);

// The page to find orders: by the id of an order or of a user.
import type { Operator } from "../../http/request.ts";
import type { Order } from "../../inventory/order.ts";
import type { OrderList } from "../../orders/my-orders.ts";
import { formatMoney } from "../../pages/format.ts";
import type { FoundByNumber } from "../order-search.ts";
import { Field } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Count, Id, LocalTime, Table } from "./parts.tsx";

interface OrdersProps {
  operator: Operator;
  /** The id that was looked for. */
  find: string;
  /** The only SKU to look for a number in. Empty: all. */
  sku?: string;
  /** The orders of the user with this id. Absent before a search. */
  found?: OrderList;
  /** The orders with this number. Undefined if it is none. */
  numbered?: FoundByNumber | undefined;
}

export const renderOrders = ({
  operator,
  find,
  sku,
  found,
  numbered,
}: OrdersProps): Promise<string> =>
  renderConsole({
    title: "Orders",
    operator,
    children: (
      <>
        <h1>Orders</h1>
        <form class="change" action="/admin/orders">
          <label>
            <span>Number or id of an order, or id of a user</span>
            <input type="search" name="find" value={find} required maxlength={128} />
          </label>
          <Field
            {...{ name: "sku", label: "Item", value: sku, maxlength: 64 }}
            hint="The id of the SKU in which a number is looked for. Empty: all."
          />
          <p>
            <button type="submit">Find</button>
          </p>
        </form>
        {numbered ? <Numbered {...numbered} number={find} /> : null}
        {found ? <Found {...found} user={find} isOperator={operator.role === "operator"} /> : null}
      </>
    ),
  });

const OrderTable = ({ orders }: { orders: readonly Order[] }) => (
  <Table
    caption="Orders, newest first"
    head={["Order", "Item", "Status", "Payment", "Quantity", "Total", "Ordered"]}
    rows={orders.map(({ id, number, item, status, payment, quantity, total, createdAt }) => [
      <a href={`/admin/orders/${id}`}>
        {number} <small>{id}</small>
      </a>,
      <bdi>{item.name}</bdi>,
      status,
      payment ?? "none",
      <Count value={quantity} />,
      formatMoney(total),
      <LocalTime at={createdAt} />,
    ])}
  />
);

/** All orders that share a number. */
const Numbered = ({ number, orders, incomplete }: FoundByNumber & { number: string }) => (
  <section>
    <h2>Orders with the number {number.toUpperCase()}</h2>
    {incomplete ? (
      <p class="fault">Not every ledger was asked. Name the item to look in its ledger.</p>
    ) : null}
    {orders.length === 0 ? (
      <p>No orders.</p>
    ) : (
      <OrderTable orders={orders.map(({ order }) => order)} />
    )}
  </section>
);

/** Fills in the form of the rules. */
const DENIED = { effect: "deny", kind: "user" };

interface FoundProps extends OrderList {
  user: string;
  isOperator: boolean;
}

const Found = ({ user, isOperator, orders, nextCursor, incomplete }: FoundProps) => (
  <section>
    <h2>
      Orders of <Id>{user}</Id>
    </h2>
    {isOperator ? (
      <p>
        <a href={`/admin/rules?${new URLSearchParams({ ...DENIED, value: user })}#change`}>
          Deny this user
        </a>
      </p>
    ) : null}
    {incomplete ? <p class="fault">Some orders may be missing now.</p> : null}
    {orders.length === 0 ? <p>No orders.</p> : <OrderTable orders={orders} />}
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

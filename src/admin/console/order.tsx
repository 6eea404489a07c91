// The page of one order: its state, its money, what happened when, and the forms of what an operator can do with it.
import type { Child } from "hono/jsx";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { OrderInspection } from "../../inventory/inspection.ts";
import { formatMoney } from "../../pages/format.ts";
import { Done, Faults, Field, Reason, Select } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import type { RefundForm } from "./order-form.ts";
import { Count, Facts, Id, LocalTime, Table } from "./parts.tsx";

interface OrderProps {
  operator: Operator;
  order: OrderInspection;
  /** The action of the form that was done just now. */
  done: string | undefined;
  hasWebhook: boolean;
  /** The idempotency key of the next refund. */
  refundKey: string;
  form?: RefundForm;
  issues?: readonly Issue[];
}

const DONE: Record<string, string> = {
  refund: "The refund is accepted. The order shows when the money is back with the buyer.",
  release: "The units are back on sale.",
  resend: "The shop is sent the event again.",
};

export const renderOrder = (props: OrderProps): Promise<string> =>
  renderConsole({
    title: `Order ${props.order.number}`,
    operator: props.operator,
    children: (
      <>
        <h1>
          Order {props.order.number} <small>{props.order.id}</small>
        </h1>
        <Done text={DONE[props.done ?? ""]} />
        <Faults issues={props.issues} />
        <State {...props} />
        <h2>Timeline</h2>
        <Table caption="What happened, oldest first" head={["What", "When"]} rows={rowsOf(props)} />
        <p>
          <a href={`/admin/log?target=order/${props.order.id}`}>What operators did with it</a>
        </p>
        {props.operator.role === "operator" ? <Actions {...props} /> : null}
      </>
    ),
  });

const State = ({ order, hasWebhook }: OrderProps) => (
  <Facts
    facts={[
      ["Status", order.status],
      ["Payment", order.payment ?? "none"],
      ["Item", <bdi>{order.item.name}</bdi>],
      ["Sale", <a href={`/admin/sales/${order.saleId}`}>{order.saleId}</a>],
      ["User", <UserLink {...order} />],
      ["Units", <Count value={order.quantity} />],
      ["Total", formatMoney(order.total)],
      ["Refunded", formatMoney(order.refunded)],
      ["Units returned", <Count value={order.refundedQuantity} />],
      ["Reason", order.reason ?? "none"],
      ["Next step of the money", order.charge?.nextStep ?? "none"],
      ["List of orders", order.isPublished ? "up to date" : "behind"],
      ["Webhook", webhookOf(order, hasWebhook)],
    ]}
  />
);

const UserLink = ({ userId }: OrderInspection) => (
  <a href={`/admin/orders?${new URLSearchParams({ find: userId })}`}>
    <Id>{userId}</Id>
  </a>
);

function webhookOf({ status, eventOwedSince }: OrderInspection, hasWebhook: boolean): Child {
  if (!hasWebhook) return "not set up";
  if (eventOwedSince === undefined) return status === "reserved" ? "no event yet" : "accepted";
  return (
    <>
      owed since <LocalTime at={eventOwedSince} />
    </>
  );
}

/** A row of the timeline: what, and when (ISO 8601). */
type Happened = [what: Child, at: string | undefined];

function rowsOf({ order }: OrderProps): Child[][] {
  const { charge, dispute } = order;
  const happened: Happened[] = [
    ["Ordered", order.createdAt],
    [`Payment method ${charge?.attempt} given`, charge?.givenAt],
    ["Hold's clock stopped for the payment", charge?.clockStoppedAt],
    ...order.refunds.map((refund): Happened => [<Refund {...refund} />, refund.acceptedAt]),
    [`Dispute: ${dispute?.status}`, dispute?.at],
    [`Last change: ${order.status}, version ${order.version}`, order.changedAt],
    ["Hold ends", order.status === "reserved" ? order.expiresAt : undefined],
  ];
  return happened
    .flatMap(([what, at]) => (at === undefined ? [] : [{ what, at }]))
    .sort((a, b) => a.at.localeCompare(b.at))
    .map(({ what, at }) => [what, <LocalTime at={at} />]);
}

const Refund = ({
  quantity,
  amount,
  backOnSale,
  reason,
  state,
}: OrderInspection["refunds"][number]) => (
  <>
    Refund of {formatMoney(amount)}
    {quantity === 0 ? "" : ` for ${quantity}, ${backOnSale ? "back on sale" : "out of stock"}`}:{" "}
    <strong>{state}</strong>, <bdi>{reason}</bdi>
  </>
);

const Actions = (props: OrderProps) => {
  const { order, hasWebhook } = props;
  const mayHaveMoney = order.status === "confirmed" || order.payment === "refund_failed";
  const isOwnRefund = mayHaveMoney && !order.charge?.isExternal;
  return (
    <>
      {isOwnRefund ? <RefundFields {...props} /> : null}
      {order.status === "reserved" ? (
        <Action {...{ order, action: "release", title: "Release", button: "Release the units" }}>
          The hold ends now, and the units go back on sale.
        </Action>
      ) : null}
      {hasWebhook && order.status !== "reserved" ? (
        <Action {...{ order, action: "resend", title: "Webhook", button: "Send the event again" }}>
          The shop gets the event under the same id.
        </Action>
      ) : null}
    </>
  );
};

const RefundFields = ({ order, refundKey, form }: OrderProps) => (
  <form class="change" method="post" action={`/admin/orders/${order.id}`}>
    <h2>Refund</h2>
    <input type="hidden" name="key" value={form?.key ?? refundKey} />
    <Field
      {...{ name: "quantity", label: "Units", type: "number", value: form?.quantity }}
      hint="Empty: all that are left. 0: only money that a bank returned."
    />
    <Select
      {...{ name: "units", label: "The units", chosen: form?.units }}
      options={[
        ["sell", "go back on sale"],
        ["withdraw", "leave the stock"],
      ]}
    />
    <Reason form="refund" value={form?.reason} />
    <p>
      <button type="submit" name="action" value="refund">
        Refund
      </button>
    </p>
  </form>
);

interface ActionProps {
  order: OrderInspection;
  action: string;
  title: string;
  button: string;
  children?: Child;
}

const Action = ({ order, action, title, button, children }: ActionProps) => (
  <form class="change" method="post" action={`/admin/orders/${order.id}`}>
    <h2>{title}</h2>
    <p>{children}</p>
    <Reason form={action} />
    <p>
      <button type="submit" name="action" value={action}>
        {button}
      </button>
    </p>
  </form>
);

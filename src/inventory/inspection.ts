// An order as its operator sees it: the order, and where its money, its refunds and its event are. Without payment methods,
// client secrets and e-mail addresses, which no operator needs.
import type { Money } from "../values/money.ts";
import { attemptOf } from "./attempts.ts";
import { type MoneyStep, moneyStep } from "./decide-outcome.ts";
import { type Order, type OrderRow, toOrder } from "./order.ts";
import type { Dispute } from "./order-payment.ts";
import { type Refund, returnsOf } from "./returns.ts";

/** Times are ISO 8601, UTC. */
export interface OrderInspection extends Omit<Order, "dispute"> {
  userId: string;
  /** When this version was made. */
  changedAt: string;
  /** Whether the read model has this version. If not, the ledger sends the order to the consumer again. */
  isPublished: boolean;
  /** Absent while no payment method was given. */
  charge?: {
    /** The provider's id of the payment, or the shop's reference. */
    id?: string;
    /** What is to be done next about the money, without the buyer. */
    nextStep: MoneyStep;
    /** Which of the buyer's payment methods it is about, counted from 1. */
    attempt: number;
    /** Set if the shop's own checkout took it. */
    isExternal?: true;
    /** When the buyer gave the method. Absent if it came with the order. */
    givenAt?: string;
    /** Since when the hold's clock stands still. */
    clockStoppedAt?: string;
  };
  /** The operator's refunds, oldest first. */
  refunds: RefundView[];
  dispute?: { id: string; status: string; at: string };
  /** Since when the shop's webhook is owed an event about the order. Absent if it is owed none. */
  eventOwedSince?: string;
}

interface RefundView extends Pick<Refund, "quantity" | "backOnSale" | "reason" | "state"> {
  id: string;
  amount: Money;
  acceptedAt: string;
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

export function inspect(row: OrderRow): OrderInspection {
  const { dispute: _, ...order } = toOrder(row);
  return {
    ...order,
    userId: row.userId,
    changedAt: iso(row.changedAt),
    isPublished: row.acknowledged >= row.version,
    ...(row.payment ? { charge: chargeOf(row, row.payment) } : {}),
    refunds: returnsOf(row).refunds.map((refund) => toRefundView(refund, row.unitPrice.currency)),
    ...(row.dispute ? { dispute: toDispute(row.dispute) } : {}),
    ...(row.owedSince === null ? {} : { eventOwedSince: iso(row.owedSince) }),
  };
}

function chargeOf(
  row: OrderRow,
  payment: NonNullable<OrderRow["payment"]>,
): NonNullable<OrderInspection["charge"]> {
  const { chargeId, isExternal, givenAt, pause } = payment;
  return {
    ...(chargeId === undefined ? {} : { id: chargeId }),
    nextStep: moneyStep(row),
    attempt: attemptOf(payment),
    ...(isExternal ? { isExternal } : {}),
    ...(givenAt === undefined ? {} : { givenAt: iso(givenAt) }),
    ...(pause ? { clockStoppedAt: iso(pause.since) } : {}),
  };
}

const toRefundView = (
  { id, quantity, amount, backOnSale, reason, acceptedAt, state }: Refund,
  currency: string,
): RefundView => ({
  id,
  quantity,
  amount: { amount, currency },
  backOnSale,
  reason,
  acceptedAt: iso(acceptedAt),
  state,
});

const toDispute = ({ id, status, at }: Dispute) => ({ id, status, at: iso(at) });

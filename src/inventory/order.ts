// An order: the row that the ledger stores, and the shape that the API shows.
import * as z from "zod";
import type { Money } from "../values/money.ts";
import { shownAttempts } from "./attempts.ts";
import { numberOf } from "./order-number.ts";
import { type Dispute, type Payment, paymentStateSchema } from "./order-payment.ts";
import { type Returns, returnedAmount, returnsOf, takenUnits } from "./returns.ts";
import type { Traces } from "./traces.ts";

/** The statuses that an order may move to from each one. The last two entries are for late money. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  reserved: ["confirmed", "cancelled", "expired"],
  confirmed: ["refunded"],
  refunded: [],
  expired: ["confirmed", "refunded"],
  cancelled: ["refunded"],
};

/** One order as the ledger stores it. Times are milliseconds since 1970. */
export interface OrderRow {
  userId: string;
  orderId: string;
  saleId: string;
  skuId: string;
  quantity: number;
  unitPrice: Money;
  status: OrderStatus;
  createdAt: number;
  /** When the hold ends. Names the bound while the hold's clock stands still. */
  expiresAt: number;
  /** `expiresAt` as the buyer first got it. Null while it has never changed. */
  acceptedUntil: number | null;
  /** Increases by one with every change. The read model stores the highest that it has seen. */
  version: number;
  /** When this version was made. The resend schedule counts from here. */
  changedAt: number;
  /** The version that the read model has. Lower than `version`: unacknowledged. */
  acknowledged: number;
  /** Since when the shop is owed an event about the order. Null if it is owed none. */
  owedSince: number | null;
  /** Null until the buyer gives a payment method, and always for a free order. */
  payment: Payment | null;
  /** `buyer` or `operator`: who cancelled. Else why the provider declined the payment or a refund failed. */
  reason: string | null;
  /** Null while nothing was returned. */
  returns: Returns | null;
  dispute: Dispute | null;
  /** For the report of the sale. Null in orders from before there were any, and 30 days after the close. */
  traces: Traces | null;
  /** Null in orders from before an item was stored. */
  item: Item | null;
  idempotencyKey: string;
  /** Units that the sale's limit per person counts for it. Null if it was never counted. */
  counted: number | null;
  /** Digest of the request body. Distinguishes a retry from another request under the same key. */
  fingerprint: string;
}

const moneySchema = z.object({ amount: z.int(), currency: z.string() });

/** What was ordered, copied when the order is made, so that it outlives changes of the catalog. */
const itemSchema = z.object({
  name: z.string(),
  option: z.string().exactOptional(),
  imageUrl: z.string().exactOptional(),
  saleTitle: z.string(),
  seller: z.string().exactOptional(),
});

export type Item = z.output<typeof itemSchema>;

/** The item of an order that stored none, if the catalog has none either. */
const plainItem = ({ skuId, saleId }: { skuId: string; saleId: string }): Item => ({
  name: skuId,
  saleTitle: saleId,
});

/** Unit price × quantity. */
export const totalOf = ({
  unitPrice,
  quantity,
}: Pick<OrderRow, "unitPrice" | "quantity">): Money => ({
  amount: unitPrice.amount * quantity,
  currency: unitPrice.currency,
});

const storedSchema = z.object({
  id: z.string(),
  saleId: z.string(),
  skuId: z.string(),
  quantity: z.int(),
  unitPrice: moneySchema,
  total: moneySchema.exactOptional(),
  item: itemSchema.exactOptional(),
  status: z.enum(["reserved", "confirmed", "cancelled", "expired", "refunded"]),
  createdAt: z.string(),
  expiresAt: z.string(),
  version: z.int(),
  /** Where the money is. Absent on free orders and before a payment method was given. */
  payment: paymentStateSchema.exactOptional(),
  /** How many further payment methods may be tried, after a decline or instead of the bank's question. */
  attemptsLeft: z.int().exactOptional(),
  /** `buyer` or `operator`: who cancelled. Else why the provider declined the payment or a refund failed. */
  reason: z.string().exactOptional(),
  /** Money that was returned to the buyer. */
  refunded: moneySchema.exactOptional(),
  /** Units that the operator took back, or all units of a refunded order. */
  refundedQuantity: z.int().exactOptional(),
  /** The status is the provider's. */
  dispute: z.object({ status: z.string() }).exactOptional(),
});

/**
 * An order as the API shows it and the read model stores it. Times are ISO 8601, UTC. Its number follows from its id. An order
 * from before `total`, `item` and refunds were stored gets them when it is read: a refund then returned everything.
 */
export const orderSchema = storedSchema.transform(
  ({ total, item, refunded, refundedQuantity, ...order }) => {
    const all = total ?? totalOf(order);
    const isPaidBack = order.payment === "refunded";
    return {
      ...order,
      number: numberOf(order.id),
      total: all,
      item: item ?? plainItem(order),
      refunded: refunded ?? { ...all, amount: isPaidBack ? all.amount : 0 },
      refundedQuantity: refundedQuantity ?? (order.status === "refunded" ? order.quantity : 0),
    };
  },
);

export type Order = z.output<typeof orderSchema>;
export type OrderStatus = z.output<typeof storedSchema>["status"];

export interface OwnedOrder {
  userId: string;
  order: Order;
}

export function toOrder(row: OrderRow): Order {
  return {
    id: row.orderId,
    number: numberOf(row.orderId),
    saleId: row.saleId,
    skuId: row.skuId,
    quantity: row.quantity,
    unitPrice: row.unitPrice,
    total: totalOf(row),
    item: row.item ?? plainItem(row),
    status: row.status,
    createdAt: new Date(row.createdAt).toISOString(),
    expiresAt: new Date(row.expiresAt).toISOString(),
    version: row.version,
    ...(row.payment ? { payment: row.payment.state } : {}),
    ...shownAttempts(row),
    ...(row.reason ? { reason: row.reason } : {}),
    refunded: refundedOf(row),
    refundedQuantity: takenUnits(row),
    ...(row.dispute ? { dispute: { status: row.dispute.status } } : {}),
  };
}

/** Money that was returned to the buyer. */
export const refundedOf = (row: OrderRow): Money => {
  const total = totalOf(row);
  return row.payment?.state === "refunded"
    ? total
    : { ...total, amount: returnedAmount(returnsOf(row)) };
};

/** The answer that the buyer got when the order was accepted, rebuilt from the fields that never change. */
export function asAccepted(row: OrderRow): Order {
  const expiresAt = row.acceptedUntil ?? row.expiresAt;
  return toOrder({
    ...row,
    expiresAt,
    status: "reserved",
    version: 1,
    payment: null,
    reason: null,
    returns: null,
    dispute: null,
  });
}

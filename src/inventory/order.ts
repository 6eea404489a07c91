// An order: the row the ledger keeps, the shape the API shows, and the ids that lead back to the object.
import * as z from "zod";
import type { Money } from "../money.ts";

/** Statuses an order may move to from each; the last two lines are for money that lands late. */
export const ARROWS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  reserved: ["confirmed", "cancelled", "expired"],
  confirmed: ["refunded"],
  refunded: [],
  expired: ["confirmed", "refunded"],
  cancelled: ["refunded"],
};

/**
 * Where the money of an order is. `due`: to be charged, or perhaps charged without our knowing; `charged`;
 * `declined`; `voided`: no charge can succeed any more; `refund_due`: charged, but there is nothing to give
 * for it; `refunded`.
 */
export interface Payment {
  token: string;
  state: NonNullable<Order["payment"]>;
  /** When it was given: milliseconds; absent if it came with the order. */
  givenAt?: number;
  /** The gateway's id of the charge, once known. */
  chargeId?: string;
}

/** One order as the ledger keeps it. Times are milliseconds since 1970. */
export interface OrderRow {
  userId: string;
  orderId: string;
  saleId: string;
  skuId: string;
  quantity: number;
  unitPrice: Money;
  status: OrderStatus;
  createdAt: number;
  expiresAt: number;
  /** Rises by one with every change; the read model keeps the highest it has seen. */
  version: number;
  /** When this version was made: the resend schedule counts from here. */
  changedAt: number;
  /** The version the consumer has written to the read model. Lower than `version`: unacknowledged. */
  acknowledged: number;
  /** Since when the shop is owed news of the order; null when it is owed none. */
  owedSince: number | null;
  /** The money side; null while the buyer owes a payment method, and for ever on a free order. */
  payment: Payment | null;
  /** Why the order was cancelled: `buyer`, or what the gateway said. */
  reason: string | null;
  /** Null in orders from before their words were kept. */
  item: Item | null;
  idempotencyKey: string;
  /** Digest of the request body, to tell a retry from another request under the same key. */
  fingerprint: string;
}

const moneySchema = z.object({ amount: z.int(), currency: z.string() });

/** What was ordered, in the words of the day: they stay whatever becomes of the catalog. */
const itemSchema = z.object({
  name: z.string(),
  option: z.string().exactOptional(),
  imageUrl: z.string().exactOptional(),
  saleTitle: z.string(),
  seller: z.string().exactOptional(),
});

export type Item = z.output<typeof itemSchema>;

/** The words of an order that kept none, once the catalog has none either. */
const plainItem = ({ skuId, saleId }: { skuId: string; saleId: string }): Item => ({
  name: skuId,
  saleTitle: saleId,
});

const totalOf = ({ unitPrice, quantity }: Pick<OrderRow, "unitPrice" | "quantity">): Money => ({
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
  /** Where the money is; absent on free orders and before a payment method was given. */
  payment: z
    .enum(["due", "charged", "declined", "voided", "refund_due", "refunded"])
    .exactOptional(),
  /** Why it was cancelled: `buyer`, or what the payment provider said. */
  reason: z.string().exactOptional(),
});

/**
 * An order as the API shows it and the read model keeps it (times ISO 8601, UTC). One that was stored before
 * orders kept `total` and `item` gets them when it is read.
 */
export const orderSchema = storedSchema.transform(({ total, item, ...order }) => ({
  ...order,
  total: total ?? totalOf(order),
  item: item ?? plainItem(order),
}));

export type Order = z.output<typeof orderSchema>;
export type OrderStatus = z.output<typeof storedSchema>["status"];

export interface OwnedOrder {
  userId: string;
  order: Order;
}

export function toOrder(row: OrderRow): Order {
  return {
    id: row.orderId,
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
    ...(row.reason ? { reason: row.reason } : {}),
  };
}

/** The answer the buyer got when the order was accepted, made again from what never changes in it. */
export function asAccepted(row: OrderRow): Order {
  return toOrder({ ...row, status: "reserved", version: 1, payment: null, reason: null });
}

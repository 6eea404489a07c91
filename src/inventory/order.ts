// An order: the row that the ledger stores, and the shape that the API shows.
import * as z from "zod";
import type { Money } from "../money.ts";

/** The statuses that an order may move to from each one. The last two entries are for late money. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  reserved: ["confirmed", "cancelled", "expired"],
  confirmed: ["refunded"],
  refunded: [],
  expired: ["confirmed", "refunded"],
  cancelled: ["refunded"],
};

/**
 * Where the money of an order is. `due`: to be charged, or perhaps charged without a confirmation yet. `voided`:
 * no charge can succeed any more. `refund_due`: charged, but there are no units for it.
 */
export interface Payment {
  token: string;
  state: NonNullable<Order["payment"]>;
  /** When the buyer gave it: milliseconds. Absent if it came with the order. */
  givenAt?: number;
  /** The provider's id of the charge, once known. */
  chargeId?: string;
}

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
  expiresAt: number;
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
  /** Why the order was cancelled: `buyer`, or the reason that the payment provider gave. */
  reason: string | null;
  /** Null in orders from before an item was stored. */
  item: Item | null;
  idempotencyKey: string;
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
  /** Where the money is. Absent on free orders and before a payment method was given. */
  payment: z
    .enum(["due", "charged", "declined", "voided", "refund_due", "refunded"])
    .exactOptional(),
  /** Why it was cancelled: `buyer`, or the reason that the payment provider gave. */
  reason: z.string().exactOptional(),
});

/**
 * An order as the API shows it and the read model stores it. Times are ISO 8601, UTC. An order from before
 * `total` and `item` were stored gets them when it is read.
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

/** The answer that the buyer got when the order was accepted, rebuilt from the fields that never change. */
export function asAccepted(row: OrderRow): Order {
  return toOrder({ ...row, status: "reserved", version: 1, payment: null, reason: null });
}

// An order as the examples of the document show it.

import type { EventType } from "../config/webhook-events.ts";
import type { Order } from "../inventory/order.ts";
import { numberOf } from "../inventory/order-number.ts";

const price = { amount: 12_000, currency: "USD" };
const nothing = { amount: 0, currency: "USD" };

export const ORDER_ID = "runner-42.0.j7nf2k9t4s0q1m8a6c3g";

/** An order that was just accepted. */
export const RESERVED: Order = {
  id: ORDER_ID,
  number: numberOf(ORDER_ID),
  saleId: "spring-drop",
  skuId: "runner-42",
  quantity: 1,
  unitPrice: price,
  total: price,
  item: { name: "Runner", option: "42", saleTitle: "Spring drop" },
  status: "reserved",
  createdAt: "2026-12-01T09:00:00.120Z",
  expiresAt: "2026-12-01T09:05:00.120Z",
  version: 1,
  refunded: nothing,
  refundedQuantity: 0,
};

/** What each event changes in it. */
const CHANGES: Record<EventType, Partial<Order>> = {
  "order.reserved": {},
  "order.payment_changed": {
    version: 3,
    payment: "declined",
    attemptsLeft: 4,
    reason: "insufficient_funds",
  },
  "order.confirmed": { version: 3, status: "confirmed", payment: "charged" },
  "order.cancelled": { version: 2, status: "cancelled", reason: "buyer" },
  "order.expired": { version: 2, status: "expired" },
  "order.refunded": {
    version: 6,
    status: "refunded",
    payment: "refunded",
    refunded: price,
    refundedQuantity: 1,
  },
};

export function exampleOfEvent(type: EventType) {
  const order = { ...RESERVED, ...CHANGES[type] };
  return { id: `${order.id}.${order.version}`, type, userId: "alice", order };
}

// The queue messages. A message names an order that changed and carries no state: the consumer reads the state from
// the ledger, so late, duplicate and reordered messages do no harm.
import * as z from "zod";
import { type OrderAddress, type OrderRef, parseOrderId } from "./order-id.ts";

const ref = {
  v: z.literal(1),
  skuId: z.string().min(1).max(64),
  lane: z.int().min(0),
  userId: z.string().min(1),
  orderId: z.string().min(1),
};

/** An order with a version that the read model does not have yet. */
export const orderMessageSchema = z.strictObject({ ...ref, version: z.int().min(1) });

/** An order with an event that the shop has not accepted yet. `news` is the name on the wire. */
export const eventMessageSchema = z.strictObject({ ...ref, kind: z.literal("news") });

export type OrderMessage = z.output<typeof orderMessageSchema>;
export type EventMessage = z.output<typeof eventMessageSchema>;

const refOf = ({ userId, orderId }: OrderRef) => ({
  v: 1 as const,
  ...(parseOrderId(orderId) as OrderAddress),
  userId,
  orderId,
});

export const toOrderMessage = (order: OrderRef & { version: number }): OrderMessage => ({
  ...refOf(order),
  version: order.version,
});

export const toEventMessage = (order: OrderRef): EventMessage => ({
  ...refOf(order),
  kind: "news",
});

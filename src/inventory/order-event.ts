// The events about orders, as the shop's webhook receives them. Pure.
import * as z from "zod";
import { EVENT_TYPES, type EventType, type ExtraEvent } from "../config/webhook-events.ts";
import { type Order, orderSchema } from "./order.ts";

const TYPES = Object.keys(EVENT_TYPES) as [EventType, ...EventType[]];

/** The body of an event. It never has payment methods or client secrets. */
export const orderEventSchema = z.object({
  /** `{order id}.{version}`. Receivers drop ids that they have seen. */
  id: z.string(),
  type: z.enum(TYPES),
  userId: z.string(),
  /** The order as it is when the event is sent. */
  order: orderSchema,
});

export type OrderEvent = z.output<typeof orderEventSchema>;

export const eventIdOf = ({ id, version }: Pick<Order, "id" | "version">): string =>
  `${id}.${version}`;

/**
 * The type of the event of an order in this state, apart from whether money of ours still moves. Undefined: the shop did not
 * ask for it. A shop that asked for `order.reserved` alone gets it even if a payment failed before it was delivered.
 *
 * @param extra the types that the shop asked for
 */
export function eventTypeOf(
  { status, payment }: Pick<Order, "status" | "payment">,
  extra: readonly ExtraEvent[],
): EventType | undefined {
  if (status !== "reserved") return `order.${status}`;
  if (payment && extra.includes("order.payment_changed")) return "order.payment_changed";
  return extra.includes("order.reserved") ? "order.reserved" : undefined;
}

/** The event about an order as it is now. Undefined: see `eventTypeOf`. */
export function toEvent(
  userId: string,
  order: Order,
  extra: readonly ExtraEvent[],
): OrderEvent | undefined {
  const type = eventTypeOf(order, extra);
  return type && { id: eventIdOf(order), type, userId, order };
}

// The events that the shop's webhook receives: their types, and which of them are sent only if they are asked for.

/** Each type, and what it means. An event states the order as it is when it is sent. */
export const EVENT_TYPES = {
  "order.reserved": "Units are held for a buyer who has not paid yet",
  "order.payment_changed":
    "The payment of a reserved order waits for the buyer or the bank, or was declined",
  "order.confirmed": "The order is sold, and its money is here",
  "order.cancelled": "The buyer or the operator gave the units back",
  "order.expired": "The hold ended without a payment",
  "order.refunded": "Everything was returned to the buyer",
} as const;

export type EventType = keyof typeof EVENT_TYPES;

/** The types about orders that are not final. `ORDER_WEBHOOK_EVENTS` asks for them. */
export const EXTRA_EVENTS = ["order.reserved", "order.payment_changed"] as const;

export type ExtraEvent = (typeof EXTRA_EVENTS)[number];

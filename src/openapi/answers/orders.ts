// The answers about orders and their payments, and the events about them.
import * as z from "zod";
import { EVENT_TYPES, type EventType } from "../../config/webhook-events.ts";
import { type Order, orderSchema } from "../../inventory/order.ts";
import { orderEventSchema } from "../../inventory/order-event.ts";
import { paymentStateSchema } from "../../inventory/order-payment.ts";
import type { ShownPayment } from "../../orders/buyer.ts";
import { money, nextCursor, time } from "./common.ts";

const stored = orderSchema.in.shape;

const item = z.strictObject(stored.item.unwrap().shape).meta({
  id: "Item",
  description: "What was ordered, copied when the order is made.",
});

export const paymentState = paymentStateSchema.meta({
  id: "PaymentState",
  description:
    "Where the money is. `due`: to be charged, or perhaps charged without a confirmation yet. `action_required`: the " +
    "bank asks the buyer something. `declined`: another method can be tried while the hold runs. `voided`: no charge " +
    "can succeed any more.",
});

export const orderFields = {
  id: z.string().describe("Opaque."),
  number: z
    .string()
    .regex(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/)
    .describe(
      "For people: short, and without symbols that look alike. Follows from the id; not unique.",
    ),
  saleId: stored.saleId,
  skuId: stored.skuId,
  quantity: z.int().min(1),
  unitPrice: money,
  total: money,
  item,
  status: stored.status.meta({ id: "OrderStatus" }),
  createdAt: time,
  expiresAt: time.describe(
    "When the hold ends, as known now. It can move while a payment is under way.",
  ),
  version: z.int().min(1).describe("Increases with every change."),
  payment: paymentState
    .exactOptional()
    .describe("Absent on free orders, and before a payment method was given."),
  attemptsLeft: z
    .int()
    .min(0)
    .exactOptional()
    .describe("How many further payment methods may be tried."),
  reason: z
    .string()
    .exactOptional()
    .describe(
      "Who cancelled: `buyer` or `operator`. Else why the payment was declined or a refund failed.",
    ),
  refunded: money.describe("Money that was returned to the buyer."),
  refundedQuantity: z.int().min(0),
};

const dispute = z.strictObject({ status: z.string() });

export const order = z
  .strictObject({
    ...orderFields,
    dispute: dispute
      .exactOptional()
      .describe("The cardholder contests the charge. The status is the provider's."),
  })
  .meta({
    id: "Order",
    description: "One person's claim on units of one SKU.",
  }) satisfies z.ZodType<Order>;

export const orderList = z
  .strictObject({
    orders: z.array(order),
    nextCursor,
    incomplete: z.literal(true).exactOptional().describe("Some orders may be missing for now."),
  })
  .meta({ id: "OrderList", description: "The caller's orders, newest first." });

const owned = z.strictObject({ ...order.shape, userId: z.string() }).meta({
  id: "OwnedOrder",
  description: "An order and its owner.",
});

export const ownedOrderList = z
  .strictObject({ ...orderList.shape, orders: z.array(owned) })
  .meta({ id: "OwnedOrderList" });

/** A page of a ledger. */
export const ledgerOrderList = z
  .strictObject({
    orders: z.array(owned),
    cursor: z.string().exactOptional().describe("The next page. Absent on the last one."),
  })
  .meta({
    id: "LedgerOrderList",
    description: "Orders of one SKU, in the order of the ledger's keys.",
  });

export const payment = z
  .strictObject({
    state: z
      .enum([...paymentStateSchema.options, "none"])
      .describe("`none`: no method was given yet."),
    reason: z.string().exactOptional().describe("Why the last method was declined."),
    clientSecret: z
      .string()
      .exactOptional()
      .describe("For the bank's question in the browser, while the state is `action_required`."),
    publishableKey: z.string().exactOptional(),
    attemptsLeft: z.int().min(0),
    estimatedSeconds: z.number().min(0).exactOptional().describe("Until a due payment is taken."),
    notice: z
      .string()
      .exactOptional()
      .describe("While payments are paused: what the buyer should know, in English."),
    pause: z
      .strictObject({
        notice: z.string().exactOptional().describe("The operator's own words for buyers."),
        isDue: z.boolean().describe("Whether a method was given, which waits for the end."),
        minutes: z.number().describe("How long the item stays reserved meanwhile, at most."),
      })
      .exactOptional()
      .describe("The same as `notice`, for programs that tell buyers in their language."),
  })
  .meta({
    id: "Payment",
    description: "The payment of an order, for its owner alone.",
  }) satisfies z.ZodType<ShownPayment>;

export const paymentReported = z
  .strictObject({
    order,
    action: z
      .enum(["none", "refund"])
      .describe("`refund`: the order has no units, so return the money."),
  })
  .meta({ id: "PaymentReported" });

/** The body of one type of event. */
export const eventOf = (type: EventType) =>
  z
    .strictObject({
      id: z.string().describe("`{order id}.{version}`. Drop ids that you have seen."),
      type: z.literal(type),
      userId: orderEventSchema.shape.userId,
      order: order.describe("The order as it is when the event is sent."),
    })
    .meta({ id: `${pascal(type)}Event`, description: EVENT_TYPES[type] });

/** `order.payment_changed` → `OrderPaymentChanged`. */
export const pascal = (name: string): string =>
  name.replace(/(^|[._-])([a-z])/g, (_, _separator, letter: string) => letter.toUpperCase());

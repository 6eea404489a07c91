// What a buyer is told about an order. Used by the server and by browser code, so that a page with and
// without JavaScript says the same.
import type { Order } from "../../inventory/order.ts";

/** As much of an order as its words depend on. */
export type OrderLike = Pick<Order, "status" | "unitPrice" | "payment" | "reason">;

/** Held, and waiting for the buyer to pay. */
export const needsPayment = ({ status, unitPrice, payment }: OrderLike): boolean =>
  status === "reserved" && unitPrice.amount > 0 && payment === undefined;

/** Its units are the buyer's, for now or for good. */
export const isAlive = ({ status }: Pick<OrderLike, "status">): boolean =>
  status === "reserved" || status === "confirmed";

/** Nothing the buyer can do; the next change comes by itself. */
export const isSettling = (order: OrderLike): boolean =>
  (order.status === "reserved" && !needsPayment(order)) || order.payment === "refund_due";

export function wordsFor(order: OrderLike): { title: string; text: string } {
  const { status, payment, reason } = order;
  if (needsPayment(order)) {
    return { title: "Reserved for you", text: "Pay before the hold ends and it is yours." };
  }
  if (payment === "refund_due") {
    return {
      title: "Your money is on its way back",
      text: "Your payment came too late, so we are returning it in full.",
    };
  }
  switch (status) {
    case "reserved":
      return payment
        ? { title: "Payment under way", text: "Your item is safe while your bank answers." }
        : { title: "You got it", text: "Your item is reserved. We are confirming the order." };
    case "confirmed":
      return { title: "Order confirmed", text: "It is yours. Thank you for your order." };
    case "cancelled":
      if (payment === "declined") {
        return {
          title: "Payment declined",
          text:
            "You were not charged. Your bank declined the payment, so the item is back on sale: " +
            "buy it again, with another card.",
        };
      }
      return {
        title: "Order cancelled",
        text: reason === "buyer" ? "You gave the item back." : "The item is back on sale.",
      };
    case "expired":
      return {
        title: "The hold has ended",
        text: "It was not paid in time, so the item is back on sale. You were not charged.",
      };
    case "refunded":
      return { title: "Order refunded", text: "Your money was returned in full." };
  }
}

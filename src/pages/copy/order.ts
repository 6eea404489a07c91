// The copy for an order's status. Shared by server and browser, so pages read the same with and without
// JavaScript.
import type { Order } from "../../inventory/order.ts";

/** The fields of an order that its copy depends on. */
export type OrderLike = Pick<Order, "status" | "unitPrice" | "payment" | "reason">;

/** Whether the order is reserved and waits for the buyer to pay. */
export const needsPayment = ({ status, unitPrice, payment }: OrderLike): boolean =>
  status === "reserved" && unitPrice.amount > 0 && payment === undefined;

/** Whether the buyer has the units, reserved or confirmed. */
export const holdsUnits = ({ status }: Pick<OrderLike, "status">): boolean =>
  status === "reserved" || status === "confirmed";

/** Whether the order is being processed: its next change needs no action by the buyer. */
export const isSettling = (order: OrderLike): boolean =>
  (order.status === "reserved" && !needsPayment(order)) || order.payment === "refund_due";

/** The title and text that tell a buyer the status of an order. */
export function describeOrder(order: OrderLike): { title: string; text: string } {
  const { status, payment, reason } = order;
  if (needsPayment(order)) {
    return { title: "Reserved for you", text: "Pay before the reservation expires to get it." };
  }
  if (payment === "refund_due") {
    return {
      title: "Refund on the way",
      text: "Your payment arrived too late, so we're refunding it in full.",
    };
  }
  switch (status) {
    case "reserved":
      return payment
        ? { title: "Payment processing", text: "Your item is reserved while your bank responds." }
        : { title: "You got it", text: "Your item is reserved. We're confirming your order." };
    case "confirmed":
      return { title: "Order confirmed", text: "It's yours. Thank you for your order." };
    case "cancelled":
      if (payment === "declined") {
        return {
          title: "Payment declined",
          text:
            "You weren't charged. Your bank declined the payment, so the item is back on sale. " +
            "To buy it again, use another card.",
        };
      }
      return {
        title: "Order canceled",
        text: reason === "buyer" ? "You canceled this order." : "The item is back on sale.",
      };
    case "expired":
      return {
        title: "Reservation expired",
        text: "Your order wasn't paid in time, so the item is back on sale. You weren't charged.",
      };
    case "refunded":
      return { title: "Order refunded", text: "Your payment was refunded in full." };
  }
}

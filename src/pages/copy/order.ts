// The copy for an order's status. Shared by server and browser, so pages read the same with and without
// JavaScript.
import type { Order } from "../../inventory/order.ts";
import { formatWait } from "./refusal.ts";

/** The fields of an order that its copy depends on. */
export type OrderLike = Pick<Order, "status" | "unitPrice" | "payment" | "reason"> &
  Partial<Pick<Order, "refunded" | "refundedQuantity" | "attemptsLeft">>;

/** Reserved, and waiting for the buyer: to pay, to try another card, or to answer the bank. */
export const needsPayment = ({ status, unitPrice, payment }: OrderLike): boolean =>
  status === "reserved" &&
  unitPrice.amount > 0 &&
  (payment === undefined || payment === "declined" || payment === "action_required");

/** Whether the buyer has the units, reserved or confirmed. */
export const holdsUnits = ({ status }: Pick<OrderLike, "status">): boolean =>
  status === "reserved" || status === "confirmed";

/** Only the provider knows whether the buyer was charged. */
const isUnknown = ({ payment }: OrderLike): boolean =>
  payment === "due" || payment === "processing" || payment === "action_required";

/** There is nothing that the buyer can do, and the next change comes without them. */
export const isSettling = (order: OrderLike): boolean =>
  order.payment === "refund_due" ||
  (order.status === "reserved" ? !needsPayment(order) : isUnknown(order));

/** Shown while a payment waits for its start: many orders are paid at once. */
export const inLineText = (seconds: number): string =>
  `Your payment is in line: about ${formatWait(seconds)}. Your item stays reserved meanwhile.`;

interface Words {
  title: string;
  text: string;
}

const BACK_ON_SALE = "The item is back on sale.";
const FINDING_OUT = "We're finding out whether your bank paid. If it did, you get your money back.";

/** The title and text that tell a buyer the status of an order. The words follow the money: "you weren't charged" only where that is known. */
export function describeOrder(order: OrderLike): Words {
  const refund = refundWords(order);
  if (refund) return refund;
  switch (order.status) {
    case "reserved":
      return reservedWords(order);
    case "confirmed":
      return confirmedWords(order);
    case "cancelled":
      return cancelledWords(order);
    case "expired":
      return expiredWords(order);
    case "refunded":
      return order.unitPrice.amount > 0
        ? { title: "Order refunded", text: "Your payment was refunded in full." }
        : { title: "Order canceled", text: "The shop canceled this order." };
  }
}

/** Words about a refund whose money has not arrived. Undefined if there is none. */
function refundWords(order: OrderLike): Words | undefined {
  const { payment, status } = order;
  const isConfirmed = status === "confirmed";
  if (payment === "refund_due") {
    const text = isConfirmed
      ? "The shop refunded your order. Your money is on its way back to you."
      : `${CANCELED_BY[order.reason ?? ""] ?? "Your payment arrived too late."} Your money is on its way back to you in full.`;
    return { title: "Refund on the way", text };
  }
  if (payment !== "refund_failed") return undefined;
  const text = isConfirmed
    ? "Your refund hasn't gone through. The shop knows and will get in touch with you."
    : "Your bank returned our refund. The shop knows and will get in touch with you.";
  return { title: "Refund delayed", text };
}

function confirmedWords({ refunded, refundedQuantity = 0 }: OrderLike): Words {
  if (refunded && refunded.amount > 0) {
    return { title: "Order confirmed", text: "It's yours. Part of your payment was refunded." };
  }
  return refundedQuantity > 0
    ? { title: "Order confirmed", text: "It's yours. The shop canceled part of your order." }
    : { title: "Order confirmed", text: "It's yours. Thank you for your order." };
}

/** Reasons for which no bank declined the card. `voided`: the shop canceled the payment at its provider. */
const NO_BANK: Record<string, string> = {
  invalid_payment_method: "This payment method can't be used.",
  voided: "This payment was canceled.",
};
/** Reasons for which no card can pay the price. No bank's reason starts like them. */
const PRICE = /^(amount|parameter|invalid_currency)/;

function declinedWords({ reason, attemptsLeft }: OrderLike): Words {
  const why = reason ?? "";
  const isPrice = PRICE.test(why);
  const fact = isPrice
    ? "The shop can't charge this price."
    : (NO_BANK[why] ?? "Your bank declined this card.");
  const next =
    isPrice || attemptsLeft === 0
      ? "but no other card can pay for this order. " +
        "The item goes back on sale when your reservation expires, or as soon as you cancel it."
      : "and your item is still reserved. Try another card.";
  return { title: "Payment declined", text: `${fact} You haven't been charged, ${next}` };
}

function reservedWords(order: OrderLike): Words {
  const { payment, unitPrice, attemptsLeft } = order;
  const isLast = attemptsLeft === 0;
  switch (payment) {
    case "declined":
      return declinedWords(order);
    case "action_required":
      return {
        title: "Your bank has a question",
        text: `Continue the payment to confirm it with your bank. Your item is still reserved.${isLast ? "" : " You can also use another card."}`,
      };
    case "processing":
      return {
        title: "Payment processing",
        text: "Your bank is still working on the payment. Your item stays reserved meanwhile.",
      };
    case undefined:
      return unitPrice.amount > 0
        ? { title: "Reserved for you", text: "Pay before the reservation expires to get it." }
        : { title: "You got it", text: "Your item is reserved. We're confirming your order." };
    default:
      return {
        title: "Payment processing",
        text: "Your item is reserved while your bank responds.",
      };
  }
}

const CANCELED_BY: Record<string, string> = {
  buyer: "You canceled this order.",
  operator: "The shop canceled this order.",
};

function cancelledWords(order: OrderLike): Words {
  const text = CANCELED_BY[order.reason ?? ""];
  // A decline canceled the order in early releases.
  if (order.payment === "declined" && !text) {
    return {
      title: "Payment declined",
      text: "You weren't charged. The payment was declined, so the item is back on sale.",
    };
  }
  const words = text ?? BACK_ON_SALE;
  return { title: "Order canceled", text: isUnknown(order) ? `${words} ${FINDING_OUT}` : words };
}

function expiredWords(order: OrderLike): Words {
  const title = "Reservation expired";
  if (isUnknown(order)) {
    return {
      title,
      text: "We're finding out whether your bank paid. If it did, you get the item if one is left, or your money back.",
    };
  }
  const text = "Your order wasn't paid in time, so the item is back on sale.";
  // Until the declined payment is voided, it could still succeed.
  return { title, text: order.payment === "declined" ? text : `${text} You weren't charged.` };
}

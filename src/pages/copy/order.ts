// The copy for an order's status. Shared by server and browser, so pages read the same with and without
// JavaScript.
import type { Order } from "../../inventory/order.ts";
import type { PaymentPause } from "../../payments/payment-pause.ts";
import { formatWait } from "./refusal.ts";
import type { Wording } from "./wording.ts";

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
export const inLineText = (wording: Wording, seconds: number): string =>
  wording.fill(wording.words.order.inLine, { wait: formatWait(wording, seconds) });

/** What the buyer of an unpaid order should know while an operator has paused all payments. */
export function pauseText(
  { notice, isDue, minutes }: PaymentPause,
  { words: { order }, fill, join }: Wording,
): string {
  const goesOn = fill(isDue ? order.sentLater : order.payAnyway, { n: minutes });
  return join(notice ?? order.paymentsPaused, goesOn);
}

export interface Told {
  title: string;
  text: string;
}

/**
 * The title and text that tell a buyer the status of an order. The words follow the money: "you weren't charged" only where that
 * is known. `isExternal`: the shop's own checkout charges, and may report a charge late.
 */
export function describeOrder(order: OrderLike, wording: Wording, isExternal = false): Told {
  const { order: words } = wording.words;
  const refund = refundWords(order, wording);
  if (refund) return refund;
  switch (order.status) {
    case "reserved":
      return reservedWords(order, wording);
    case "confirmed":
      return { title: words.confirmed, text: confirmedText(order, wording) };
    case "cancelled":
      return cancelledWords(order, wording);
    case "expired":
      return { title: words.expired, text: expiredText(order, wording, isExternal) };
    case "refunded":
      return order.unitPrice.amount > 0
        ? { title: words.refunded, text: words.refundedText }
        : { title: words.canceled, text: words.canceledByShop };
  }
}

/** Words about a refund whose money has not arrived. Undefined if there is none. */
function refundWords(order: OrderLike, wording: Wording): Told | undefined {
  const { payment, status } = order;
  const { order: words } = wording.words;
  if (payment === "refund_failed") return { title: words.refundFailed, text: words.refundStuck };
  if (payment !== "refund_due") return undefined;
  // A refunded order's money goes back again if the bank returned it.
  const isByShop = status === "confirmed" || status === "refunded";
  const why = canceledBy(order, wording) ?? words.tooLate;
  const text = isByShop ? words.refundDueText : wording.join(why, words.moneyBack);
  return { title: words.refundDue, text };
}

function confirmedText(
  { refunded, refundedQuantity = 0 }: OrderLike,
  { words: { order } }: Wording,
): string {
  if (refunded && refunded.amount > 0) return order.partRefunded;
  return refundedQuantity > 0 ? order.partCanceled : order.confirmedText;
}

/** Reasons for which no card can pay the price. No bank's reason starts like them. */
const PRICE = /^(amount|parameter|invalid_currency)/;

function declinedText(
  { reason = "", attemptsLeft }: OrderLike,
  { words: { order }, join }: Wording,
): string {
  const isPrice = PRICE.test(reason);
  const next = isPrice || attemptsLeft === 0 ? order.noOtherCard : order.tryAnother;
  if (isPrice) return join(order.priceInvalid, next);
  // No bank declined the card. `voided`: the shop canceled the payment at its provider.
  if (reason === "invalid_payment_method") return join(order.methodInvalid, next);
  return join(reason === "voided" ? order.paymentVoided : order.bankDeclined, next);
}

function reservedWords(order: OrderLike, wording: Wording): Told {
  const { payment, unitPrice, attemptsLeft } = order;
  const { order: words } = wording.words;
  switch (payment) {
    case "declined":
      return { title: words.declined, text: declinedText(order, wording) };
    case "action_required": {
      const other = attemptsLeft === 0 ? "" : words.orAnotherCard;
      return { title: words.question, text: wording.join(words.questionText, other) };
    }
    case "processing":
      return { title: words.processing, text: words.bankWorks };
    case undefined:
      return unitPrice.amount > 0
        ? { title: words.reserved, text: words.reservedText }
        : { title: words.gotIt, text: words.gotItText };
    default:
      return { title: words.processing, text: words.bankResponds };
  }
}

/** Who canceled the order. Undefined if nobody did. */
function canceledBy({ reason }: OrderLike, { words: { order } }: Wording): string | undefined {
  if (reason === "buyer") return order.canceledByBuyer;
  return reason === "operator" ? order.canceledByShop : undefined;
}

function cancelledWords(order: OrderLike, wording: Wording): Told {
  const { order: words } = wording.words;
  const by = canceledBy(order, wording);
  // A decline canceled the order in early releases.
  if (order.payment === "declined" && !by) return { title: words.declined, text: words.oldDecline };
  const text = wording.join(by ?? words.backOnSale, isUnknown(order) ? words.findingOut : "");
  return { title: words.canceled, text };
}

function expiredText(
  order: OrderLike,
  { words: { order: words }, join }: Wording,
  isExternal: boolean,
): string {
  if (isUnknown(order)) return words.expiredUnknown;
  // Until a declined payment is voided, it could still succeed.
  const isKnown = order.payment === "voided" || (order.payment === undefined && !isExternal);
  return join(words.expiredText, isKnown ? words.notCharged : "");
}

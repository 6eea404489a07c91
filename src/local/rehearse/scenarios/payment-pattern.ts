// How buyers pay: with which methods, and what they do when the bank declines or asks.
import type { Order } from "../../client.ts";
import type { BankAnswer, Method } from "../payments.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { answerBank, cancel, pay, untilPaymentIs } from "./order-actions.ts";

/** How a buyer pays. With neither payment nor cancellation, the hold expires. */
export interface PaymentPattern {
  /** The payment method sent with the order. */
  method?: Method;
  /** The payment method sent afterwards, twice (a double click). */
  later?: Method;
  /** What the buyer answers once the bank asks. */
  answers?: BankAnswer;
  /** The payment method sent once the bank declined the first one, or instead of an answer. */
  next?: Method;
  /** Cancels the order, even while the charge is in progress. */
  cancels?: true;
}

/** Whether the buyer looks at the order until the bank declined or asks. */
export const looks = ({ answers, next }: PaymentPattern): boolean =>
  answers !== undefined || next !== undefined;

/** Everything that the buyer of an accepted order does about it. */
export async function payOrCancel(
  context: ScenarioContext,
  buyer: Buyer,
  { later, answers, next, cancels }: PaymentPattern,
  id: string,
): Promise<void> {
  const isAsked =
    answers !== undefined && (await untilPaymentIs(context, buyer, id, ["action_required"]));
  const isAnswered = isAsked && (await answerBank(context, buyer, id, answers));
  // A refused question is looked up first. Until then no other method is taken.
  const ready: Order["payment"][] = isAnswered ? ["declined"] : ["declined", "action_required"];
  if (next !== undefined && (await untilPaymentIs(context, buyer, id, ready))) {
    await pay(context, buyer, id, next);
  }
  if (later !== undefined) {
    await Promise.all([pay(context, buyer, id, later), pay(context, buyer, id, later)]);
  }
  if (cancels) {
    await cancel(context, buyer, id);
  }
}

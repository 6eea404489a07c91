// The actions of buyers, recorded for the proofs: order, pay, answer the bank, cancel.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Money, Order } from "../../client.ts";
import { expectedFor, type RequestKind } from "../contract.ts";
import type { BankAnswer, Method } from "../payments.ts";
import type { Purchase } from "../recorder.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";
import { lineMs } from "../wait-until-final.ts";

interface BuyOptions {
  kind: RequestKind;
  /** The payment method that comes with the order. */
  method?: Method;
  /** The buyer's ticket for the line of the sale. */
  ticket?: string;
  /** The price the buyer saw and offers; absent to accept any price. */
  unitPrice?: Money | undefined;
  /** When the request was due, as a `performance.now()` time; latency counts from then. */
  dueAt?: number;
  /** Expected codes or statuses in addition to those of the request kind. */
  alsoExpected?: string[];
}

/** Sends an order, with retries, and adds a conclusive answer to its purchase. */
export async function buy(
  context: ScenarioContext,
  buyer: Buyer,
  purchase: Purchase,
  { kind, method, ticket, unitPrice, dueAt, alsoExpected = [] }: BuyOptions,
): Promise<Answer<Order> | undefined> {
  const { client, recorder } = context;
  purchase.method = method;
  purchase.firstSentAt ??= client.now();
  const body = {
    quantity: purchase.quantity,
    ...paymentBody(context, method),
    ...(ticket !== undefined && { ticket }),
    ...(unitPrice !== undefined && { unitPrice }),
  };
  const send = () => client.order(purchase.sku, purchase.key, buyer, body);
  const expected = [...expectedFor(kind), ...alsoExpected];
  const answer = await sendWithRetry<Order>(recorder, kind, send, { expected, dueAt });
  purchase.addAnswer(answer, unitPrice);
  return answer;
}

const tokenOf = ({ payments }: ScenarioContext, method: Method): string =>
  payments?.tokens[method] ?? method;

/** The part of an order's body that names its payment method, if it has one. */
export const paymentBody = (context: ScenarioContext, method: Method | undefined) =>
  method === undefined ? {} : { paymentToken: tokenOf(context, method) };

/** Pays for a reserved order. Returns whether the payment was accepted. */
export function pay(
  context: ScenarioContext,
  buyer: Buyer,
  id: string,
  method: Method,
): Promise<boolean> {
  const send = () => context.client.pay(id, tokenOf(context, method), buyer);
  return act(context, buyer, id, { kind: "pay", method }, send);
}

/**
 * How long a buyer waits for the bank's answer before they give up, apart from the line of payments, which is somewhat slower
 * than the pace that is allowed.
 */
const ANSWER_LIMIT_MS = 60_000;
/** A buyer looks as often as the page of the order does. */
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 15_000;
const GROWTH = 1.6;

/** Reads an order until its payment is in one of the `states`. False if something else became of it first. */
export async function untilPaymentIs(
  context: ScenarioContext,
  buyer: Buyer,
  id: string,
  states: Order["payment"][],
): Promise<boolean> {
  const { client, recorder } = context;
  const startedAt = Date.now();
  // The line grows meanwhile: payments that are tried again come first.
  const isPatient = () => Date.now() < startedAt + ANSWER_LIMIT_MS + lineMs(context);
  for (let wait = FIRST_LOOK_MS; isPatient(); wait *= GROWTH) {
    const answer = await sendWithRetry(recorder, "read own order", () =>
      client.readOrder(id, buyer),
    );
    const { status, payment } = answer?.body ?? {};
    if (states.includes(payment)) return true;
    if (status !== "reserved") return false;
    await pause(Math.min(wait, LAST_LOOK_MS));
  }
  return false;
}

/**
 * Answers the bank's question: fetches the client secret, answers, and sends the same method again, so that the result is
 * looked up at once. Who leaves does not send it again, and the result comes by webhook. Returns whether the bank has the
 * answer.
 */
export async function answerBank(
  context: ScenarioContext,
  buyer: Buyer,
  id: string,
  answer: BankAnswer,
): Promise<boolean> {
  const { client, recorder, payments } = context;
  const shown = await sendWithRetry(recorder, "read payment", () => client.payment(id, buyer));
  const { clientSecret } = shown?.body ?? {};
  if (clientSecret === undefined || !(await payments?.answer(clientSecret, answer))) return false;
  const isSeen = answer === "yes, and leaves" || (await pay(context, buyer, id, "asks"));
  if (isSeen && answer !== "no") recorder.authenticated.add(id);
  return true;
}

/** Cancels a reserved order. */
export function cancel(context: ScenarioContext, buyer: Buyer, id: string): Promise<boolean> {
  return act(context, buyer, id, { kind: "cancel" }, () => context.client.cancel(id, buyer));
}

async function act(
  { recorder }: ScenarioContext,
  { user, sku }: Buyer,
  id: string,
  what: { kind: "pay"; method: Method } | { kind: "cancel" },
  send: () => Promise<Answer<Order>>,
): Promise<boolean> {
  const answer = await sendWithRetry(recorder, what.kind, send);
  recorder.orderActions.push({ ...what, user, sku: sku.id, id, answer });
  return answer !== undefined && answer.status < 300;
}

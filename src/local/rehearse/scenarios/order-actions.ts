// The actions of buyers, recorded for the proofs: order, pay, cancel.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Money, Order } from "../../client.ts";
import { expectedFor, type RequestKind } from "../contract.ts";
import type { OrderAction, Purchase } from "../recorder.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";

interface BuyOptions {
  kind: RequestKind;
  paymentToken?: string;
  /** The price the buyer saw and offers; absent to accept any price. */
  unitPrice?: Money | undefined;
  /** When the request was due, as a `performance.now()` time; latency counts from then. */
  dueAt?: number;
  /** Expected codes or statuses in addition to those of the request kind. */
  alsoExpected?: string[];
}

/** Sends an order, with retries, and adds a conclusive answer to its purchase. */
export async function buy(
  { client, recorder }: ScenarioContext,
  buyer: Buyer,
  purchase: Purchase,
  { kind, paymentToken, unitPrice, dueAt, alsoExpected = [] }: BuyOptions,
): Promise<Answer<Order> | undefined> {
  const body = {
    quantity: purchase.quantity,
    ...(paymentToken !== undefined && { paymentToken }),
    ...(unitPrice !== undefined && { unitPrice }),
  };
  const send = () => client.order(purchase.sku, purchase.key, buyer, body);
  const expected = [...expectedFor(kind), ...alsoExpected];
  const answer = await sendWithRetry<Order>(recorder, kind, send, { expected, dueAt });
  purchase.addAnswer(answer, unitPrice);
  return answer;
}

/** Pays for a reserved order. */
export function pay(
  context: ScenarioContext,
  buyer: Buyer,
  id: string,
  paymentToken: string,
): Promise<void> {
  const send = () => context.client.pay(id, paymentToken, buyer);
  return act(context, buyer, id, "pay", send);
}

/** How long a buyer waits for the bank's answer before they give up. */
const ANSWER_LIMIT_MS = 20_000;
const LOOK_MS = 500;

/** Reads an order until its payment was declined or needs the buyer. False if something else became of it first. */
export async function untilAnswered(
  { client, recorder }: ScenarioContext,
  buyer: Buyer,
  id: string,
): Promise<boolean> {
  const deadline = Date.now() + ANSWER_LIMIT_MS;
  while (Date.now() < deadline) {
    const answer = await sendWithRetry(recorder, "read own order", () =>
      client.readOrder(id, buyer),
    );
    const { status, payment } = answer?.body ?? {};
    if (status !== "reserved") return false;
    if (payment === "declined" || payment === "action_required") return true;
    await pause(LOOK_MS);
  }
  return false;
}

/** Cancels a reserved order. */
export function cancel(context: ScenarioContext, buyer: Buyer, id: string): Promise<void> {
  return act(context, buyer, id, "cancel", () => context.client.cancel(id, buyer));
}

async function act(
  { recorder }: ScenarioContext,
  { user, sku }: Buyer,
  id: string,
  kind: OrderAction["kind"],
  send: () => Promise<Answer<Order>>,
): Promise<void> {
  const answer = await sendWithRetry(recorder, kind, send);
  recorder.orderActions.push({ kind, user, sku: sku.id, id, answer });
}

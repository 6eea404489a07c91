// What people do, each noted in the record: place an order, pay for it, give it back.
import type { Answer, Money, Order } from "../../client.ts";
import { type Kind, possibleFor } from "../contract.ts";
import { patiently } from "../patience.ts";
import type { Purchase } from "../record.ts";
import type { Buyer, Stage } from "../scene.ts";

/** How an order is placed. */
interface Manner {
  kind: Kind;
  paymentToken?: string;
  /** The price the buyer saw. */
  unitPrice?: Money | undefined;
  /** When it was meant to be sent, by `performance.now()`: its latency counts from there. */
  intended?: number;
  /** What it may be told beyond what every order of this kind may. */
  alsoPossible?: string[];
}

/** Sends the order until something decides, and notes the answer with its purchase. */
export async function buy(
  { client, record }: Stage,
  buyer: Buyer,
  purchase: Purchase,
  { kind, paymentToken, unitPrice, intended, alsoPossible = [] }: Manner,
): Promise<Answer<Order> | undefined> {
  const wish = {
    quantity: purchase.quantity,
    ...(paymentToken !== undefined && { paymentToken }),
    ...(unitPrice !== undefined && { unitPrice }),
  };
  const send = () => client.order(purchase.sku, purchase.key, buyer, wish);
  const possible = [...possibleFor(kind), ...alsoPossible];
  const answer = await patiently<Order>(record, kind, send, { possible, intended });
  purchase.note(answer, unitPrice);
  return answer;
}

/** Pays for a reserved order. */
export function pay(stage: Stage, buyer: Buyer, id: string, token: string): Promise<void> {
  return act(stage, buyer, id, "pay", () => stage.client.pay(id, token, buyer));
}

export function giveBack(stage: Stage, buyer: Buyer, id: string): Promise<void> {
  return act(stage, buyer, id, "give back", () => stage.client.cancel(id, buyer));
}

async function act(
  { record }: Stage,
  { user, sku }: Buyer,
  id: string,
  kind: "pay" | "give back",
  send: () => Promise<Answer<Order>>,
): Promise<void> {
  const answer = await patiently(record, kind, send);
  record.deeds.push({ kind, user, sku: sku.id, id, answer });
}

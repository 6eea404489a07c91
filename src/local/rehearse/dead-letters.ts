// The dead letters of an instance, as far as they are about the orders of a rehearsal.
import type { OrderMessage } from "../../inventory/messages.ts";
import { type Client, type DeadLetter, type DeadLetterList, expectOk } from "../client.ts";
import type { Evidence } from "./evidence.ts";

/** Every dead letter about an order of the evidence. */
export async function deadLettersOf(client: Client, skus: Evidence[]): Promise<string[]> {
  const ids = new Set(skus.flatMap(({ ledgerOrders }) => ledgerOrders.map(({ id }) => id)));
  const letters: DeadLetter[] = [];
  let query = "";
  do {
    const path = `/dead-letters${query}`;
    const page = expectOk(await client.admin<DeadLetterList>("GET", path));
    letters.push(...page.deadLetters);
    query = page.cursor === undefined ? "" : `?cursor=${page.cursor}`;
  } while (query !== "");
  return letters
    .filter(
      ({ id, message }) =>
        ids.has(id) || ids.has((message as Partial<OrderMessage>)?.orderId ?? ""),
    )
    .map(({ id, queue, reason }) => `${id} in ${queue}: ${reason}`);
}

// What the shop is owed: news of every final change of an order. The order's row holds the obligation until the
// shop has taken the news, and the object offers it again and again. Pure decisions.
import { moneyStep } from "./decide-order.ts";
import type { Order, OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";

/** An order whose newest version the shop has not taken yet. */
export interface OwedEvent extends OrderRef {
  /** Since when: milliseconds. */
  since: number;
  /** When it is offered again; undefined once that has been tried for long enough. */
  dueAt: number | undefined;
}

/** An event to deliver: the order as the ledger has it now. */
export interface EventToDeliver {
  userId: string;
  order: Order;
  since: number;
}

/** Whether an order has come to an end, as far as its money goes, too: until then there is no news of it. */
export const isFinal = (row: OrderRow): boolean =>
  row.status !== "reserved" && moneyStep(row) === "none";

/** First offered again after this long, then after twice as long each time, up to an hour. */
const BASE_MS = 60_000;
const MAX_MS = 3_600_000;
/** Then an operator has to look: a week. */
export const GIVE_UP_MS = 7 * 24 * 3_600_000;

/** When news owed since `since` is offered next; it follows from its age alone, so that nothing is written to count. */
export function nextDelivery(since: number, now: number): number | undefined {
  const age = Math.max(0, now - since);
  let offset = BASE_MS;
  for (let step = BASE_MS; offset <= age && step < MAX_MS; ) {
    step = Math.min(2 * step, MAX_MS);
    offset += step;
  }
  if (offset <= age) offset += (Math.floor((age - offset) / MAX_MS) + 1) * MAX_MS;
  return offset > GIVE_UP_MS + MAX_MS ? undefined : since + offset;
}

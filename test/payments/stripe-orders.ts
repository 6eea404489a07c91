// Orders that were paid at the fake Stripe, and what the operator and Stripe do about them later.
import { deliverTo, nextMessage, type Purchase } from "../orders/saga-fixtures.ts";
import { type Answer, admin } from "../support/http.ts";
import type { Delivery } from "../support/queue.ts";
import { unique } from "../support/shop.ts";
import { gateway } from "./stripe-fixtures.ts";

/** Delivers the newest message about an order to the consumer, and settles its money. */
export const deliverNext = async ({
  queue,
  order,
}: Pick<Purchase, "queue" | "order">): Promise<Delivery> =>
  deliverTo(gateway(), [await nextMessage(queue, order.id)]);

/** The operator requests a refund: by default of the whole order, whose units go back on sale. */
export function requestRefund(
  { order }: Pick<Purchase, "order">,
  body: object = {},
  key = unique("refund"),
): Promise<Answer> {
  return admin("POST", `/orders/${order.id}/refund`, {
    body: { backOnSale: true, reason: "returned by the buyer", ...body },
    headers: { "idempotency-key": key },
  });
}

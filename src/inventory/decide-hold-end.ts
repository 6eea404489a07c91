// What happens when a hold ends. Pure: state + now → the row to write.
import { holdEnded, next } from "./decide-order.ts";
import { LOOK_AGAIN } from "./decide-pay.ts";
import { stopClock } from "./hold-clock.ts";
import type { OrderRow } from "./order.ts";
import type { Payment } from "./order-payment.ts";

/** How long before the end of its hold a payment is looked up that the provider is still working on. */
const LAST_LOOK_MS = 60_000;

/** When the end of a hold is to be decided. The clock of a hold stands still while its payment is processed. */
export const endDueAt = ({
  expiresAt,
  payment,
}: Pick<OrderRow, "expiresAt" | "payment">): number =>
  payment?.state === "processing" && !payment.isLastLook ? expiresAt - LAST_LOOK_MS : expiresAt;

/**
 * The row at the end of its hold. Undefined while the hold runs. Events of the provider can get lost, so a buyer may have
 * answered the bank without the ledger knowing: the provider is asked once more, and the hold's clock stands still for
 * that like for every other call, within the same bound. After that, the hold expires.
 */
export function decideHoldEnd(row: OrderRow, now: number): OrderRow | undefined {
  return decideLastLook(row, now) ?? decideExpire(row, now);
}

function decideLastLook(row: OrderRow, now: number): OrderRow | undefined {
  const { payment, status } = row;
  if (status !== "reserved" || !payment || payment.isExternal || payment.isLastLook)
    return undefined;
  if (!LOOK_AGAIN.has(payment.state) || now < endDueAt(row)) return undefined;
  const looking: Payment = { ...payment, state: "due", isLastLook: true };
  const clocked = stopClock(row, looking, now);
  // The clock stood still for as long as it may.
  return clocked.expiresAt > now ? next(row, clocked, now) : undefined;
}

function decideExpire(row: OrderRow, now: number): OrderRow | undefined {
  return holdEnded(row, now) ? next(row, { status: "expired" }, now) : undefined;
}

// The events that the shop is owed: one for every final change of an order, and for others that it asked for. The order's row
// stores the debt until the shop accepts the event, and the object keeps trying to deliver it. Pure decisions.
import { isSynthetic } from "../admission/rehearsal.ts";
import type { EventType, ExtraEvent } from "../config/webhook-events.ts";
import { moneyStep } from "./decide-outcome.ts";
import type { Order, OrderRow } from "./order.ts";
import { eventTypeOf } from "./order-event.ts";
import type { OrderRef } from "./order-id.ts";

/** An order whose newest version the shop has not accepted yet. */
export interface OwedEvent extends OrderRef {
  /** When the event became owed: milliseconds since 1970. */
  since: number;
  /** When delivery is next attempted. Undefined once the attempts have lasted long enough. */
  dueAt: number | undefined;
}

/** An event to deliver: the order as the ledger has it now. */
export interface EventToDeliver {
  userId: string;
  order: Order;
  since: number;
  /** See `Claim`. */
  requestId?: string;
}

/** Whether the order has reached its end, money included. */
const isFinal = (row: OrderRow): boolean => row.status !== "reserved" && moneyStep(row) === "none";

/**
 * The event about an order as it is now. Undefined while there is none: a step about its money is ours to take, whose result
 * soon makes another version, or the order is reserved and the shop did not ask for such events. Orders of a rehearsal make none:
 * the shop would ship them.
 *
 * @param extra the types that the shop asked for
 */
export const eventOf = (row: OrderRow, extra: readonly ExtraEvent[]): EventType | undefined =>
  moneyStep(row) === "none" && !isSynthetic(row.userId)
    ? eventTypeOf({ status: row.status, ...paymentOf(row) }, extra)
    : undefined;

const paymentOf = ({ payment }: OrderRow) => (payment ? { payment: payment.state } : {});

/**
 * Whether the newest version of an order makes an event. It replaces an older one that was not delivered. A payment that
 * changed makes no second `order.reserved`.
 */
export function makesEvent(row: OrderRow, extra: readonly ExtraEvent[]): boolean {
  const type = eventOf(row, extra);
  if (type === undefined) return false;
  return isFinal(row) || type === (row.payment ? "order.payment_changed" : "order.reserved");
}

/** Which orders the shop is told about again. All of them by default. */
export interface EventFilter {
  /** The types that the shop asked for, beside those of final changes. */
  extra: readonly ExtraEvent[];
  types?: readonly EventType[];
  /** When the order's newest version was made: milliseconds. `to` is excluded. */
  from?: number;
  to?: number;
  /** Only events that the shop has not accepted. */
  isOwed?: boolean;
}

export function passes(row: OrderRow, { extra, types, from, to, isOwed }: EventFilter): boolean {
  const type = eventOf(row, extra);
  if (type === undefined || (types && !types.includes(type))) return false;
  if (isOwed && row.owedSince === null) return false;
  const { changedAt } = row;
  return (
    changedAt >= (from ?? Number.NEGATIVE_INFINITY) && changedAt < (to ?? Number.POSITIVE_INFINITY)
  );
}

/** Pause before the second attempt. Each further pause is twice as long, up to an hour. */
const BASE_MS = 60_000;
const MAX_MS = 3_600_000;
/** How long delivery is attempted before an operator must step in: a week. */
export const GIVE_UP_MS = 7 * 24 * 3_600_000;

/**
 * When an event that is owed since `since` is next attempted. The answer follows from the age alone, so no
 * attempt writes a row.
 */
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

/**
 * How long an attempt stays due for an object that sleeps: longer than the minute after which the reconciliation wakes one whose
 * alarm was lost.
 */
const MISSED_MS = 90_000;

/**
 * The same for an object that just woke, perhaps for this very attempt: nothing tells whether it was made. Rather twice than
 * never, because receivers drop ids that they have seen.
 */
export const deliveryAfterWaking = (since: number, now: number): number | undefined =>
  nextDelivery(since, now - MISSED_MS);

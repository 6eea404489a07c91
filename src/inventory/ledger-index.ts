// The in-memory index of a ledger: counters, running holds, and the orders that still need work. When the object wakes, it is
// rebuilt from the open orders and the sum of the others (see `tallies.ts`).
import TinyQueue from "tinyqueue";
import { isUncounted } from "./allowance/counted-order.ts";
import { endDueAt } from "./decide-hold-end.ts";
import { isFree } from "./decide-order.ts";
import { isClosed } from "./decide-reported.ts";
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { deliveryAfterWaking, nextDelivery, type OwedEvent } from "./owed-events.ts";
import { addUnits, noUnits, unitsOf } from "./units.ts";

/** An order whose newest version the consumer has not acknowledged yet. */
export interface Unacknowledged extends OrderRef {
  version: number;
  changedAt: number;
  /** When it is sent again, unless it is acknowledged first. */
  dueAt: number;
  /** Whether its messages go to the queue of the orders, and not to that of the payments. */
  isFree: boolean;
  /** Whether the read model and the line of the payments have this version, so that only its money is missing. */
  isForwarded?: boolean;
}

interface Hold extends OrderRef {
  /** When its end is to be decided: milliseconds. */
  endsAt: number;
}

export const hasFailedRefund = ({ payment }: OrderRow): boolean =>
  payment?.state === "refund_failed";
export const isDisputed = ({ dispute }: OrderRow): boolean =>
  dispute !== null && !isClosed(dispute);

/**
 * Whether an order still needs work, so that an object that wakes must know it. The others are finished. `limitedSale`: the sale
 * with a limit per person that the SKU is in.
 */
export const isOpen = (row: OrderRow, limitedSale: string | undefined): boolean =>
  row.status === "reserved" ||
  row.acknowledged < row.version ||
  row.owedSince !== null ||
  hasFailedRefund(row) ||
  isDisputed(row) ||
  isUncounted(row, limitedSale);

export class LedgerIndex {
  /** Units of all orders, by the status of their orders. */
  readonly units = noUnits();
  /** By order id. */
  readonly unacknowledged = new Map<string, Unacknowledged>();
  /** By order id. */
  readonly owed = new Map<string, OwedEvent>();
  /** Orders whose refund failed, by order id. The operator must return the money in another way. */
  readonly refundsFailed = new Map<string, OrderRef>();
  /** Orders with an open dispute, by order id. */
  readonly disputed = new Map<string, OrderRef>();
  /** Orders whose units the sale's limit per person has not counted yet, by order id. */
  readonly uncounted = new Map<string, OrderRef>();
  /** The sale whose orders count. Undefined if it has no limit per person. */
  limitedSale: string | undefined;
  /** Holds whose clock stands still, because a payment is with us or with the provider. */
  holdsPaused = 0;
  readonly #holds = new TinyQueue<Hold>([], (a, b) => a.endsAt - b.endsAt);

  /** Records that an order is new (`before` undefined) or changed. `dueAt`: when it is sent again. */
  track(before: OrderRow | undefined, row: OrderRow, dueAt: number): void {
    if (before) this.#count(before, -1);
    this.#count(row, 1);
    const endsAt = endDueAt(row);
    if (row.status === "reserved" && !isFree(row) && (!before || endDueAt(before) !== endsAt)) {
      this.#holds.push({ userId: row.userId, orderId: row.orderId, endsAt });
    }
    this.#trackOwed(row);
    this.#trackAttention(row);
    track(this.uncounted, row, isUncounted(row, this.limitedSale));
    if (row.acknowledged >= row.version) this.unacknowledged.delete(row.orderId);
    else {
      const { userId, orderId, version, changedAt } = row;
      this.unacknowledged.set(orderId, {
        ...{ userId, orderId, version, changedAt, dueAt },
        isFree: isFree(row),
      });
    }
  }

  /** Records an order when the object wakes. What is unacknowledged may never have been sent: it is due at once. */
  load(row: OrderRow): void {
    this.track(undefined, row, 0);
    const owed = this.owed.get(row.orderId);
    if (owed) owed.dueAt = deliveryAfterWaking(owed.since, Date.now());
  }

  /** Records that only the money of this version is missing. Forgotten when the object sleeps, which does no harm. */
  forwarded({ orderId, version }: Pick<Unacknowledged, "orderId" | "version">): void {
    const order = this.unacknowledged.get(orderId);
    if (order?.version === version) order.isForwarded = true;
  }

  /** Adds or subtracts an order. */
  #count(row: OrderRow, sign: 1 | -1): void {
    addUnits(this.units, unitsOf(row), sign);
    if (row.status === "reserved" && row.payment?.pause) this.holdsPaused += sign;
  }

  #trackAttention(row: OrderRow): void {
    track(this.refundsFailed, row, hasFailedRefund(row));
    track(this.disputed, row, isDisputed(row));
  }

  #trackOwed({ userId, orderId, owedSince: since }: OrderRow): void {
    if (since === null) this.owed.delete(orderId);
    else this.owed.set(orderId, { userId, orderId, since, dueAt: nextDelivery(since, Date.now()) });
  }

  /** The earliest end of a hold, if any runs. The order may have moved on since, or its hold may end later. */
  get nextHoldEnd(): number | undefined {
    return this.#holds.peek()?.endsAt;
  }

  /** Removes and returns up to `limit` holds that ended by `now`. */
  takeEndedHolds(now: number, limit: number): OrderRef[] {
    const ended: OrderRef[] = [];
    while (ended.length < limit && (this.nextHoldEnd ?? Number.POSITIVE_INFINITY) <= now) {
      ended.push(this.#holds.pop() as Hold);
    }
    return ended;
  }
}

function track(map: Map<string, OrderRef>, { userId, orderId }: OrderRef, belongs: boolean): void {
  if (belongs) map.set(orderId, { userId, orderId });
  else map.delete(orderId);
}

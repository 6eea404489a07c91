// The unit of work behind the object's use cases: it loads orders as they are now, and saves a change together
// with all that follows from it (outbox, alarm, published stock).
import { count } from "../observability/metrics.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { AllowanceEnv } from "./allowance/client.ts";
import { AllowanceReports } from "./allowance/reports.ts";
import { needsAttention } from "./attention.ts";
import { decideHoldEnd } from "./decide-hold-end.ts";
import { type BuyerState, isFree } from "./decide-order.ts";
import { isLateCharge } from "./decide-outcome.ts";
import { Ledger } from "./ledger.ts";
import type { Unacknowledged } from "./ledger-index.ts";
import {
  type EventMessage,
  type OrderMessage,
  toEventMessage,
  toOrderMessage,
} from "./messages.ts";
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { Outbox, resendBy, resendSchedule } from "./outbox.ts";
import { nextDelivery, type OwedEvent } from "./owed-events.ts";
import { Publications } from "./publications.ts";
import { RecentRequests } from "./recent-requests.ts";
import { enterLine, type SchedulerBinding } from "./scheduler-client.ts";

/**
 * Most ended holds that one command expires: ten thousand ending at once must not delay a buyer. More than the
 * largest quantity of an order, so that the units it needs are free.
 */
const EXPIRE_PER_COMMAND = 128;
/** Most ended holds that one alarm expires. Other calls run before the next alarm. */
const EXPIRE_PER_ALARM = 500;
/** Most orders whose traces one call deletes. */
const FORGET_PER_CALL = 2_000;
/** The pause before the next step of a long cleaning. Other calls run in it. */
const PAUSE_MS = 1_000;
/** Spreads the resends of several objects, or of one object after it woke. */
const RESEND_JITTER_MS = 2_000;

/** Where the object sends its orders and events. */
export type OutboxEnv = Pick<Env, "ORDERS" | "DUE_PAYMENTS" | "WEBHOOKS"> &
  SchedulerBinding &
  AllowanceEnv;

/** How an order is sent again. */
const wayOf = ({ isFree, isForwarded }: Unacknowledged): "free" | "priced" | "inLine" =>
  isForwarded ? "inLine" : isFree ? "free" : "priced";

export class UnitOfWork {
  readonly ledger: Ledger;
  readonly published: Publications;
  readonly requests = new RecentRequests();
  readonly allowances: AllowanceReports;
  /** Expired orders that may take units now (see `withLateLeases`). */
  lateLeased: ReadonlySet<string> = new Set();
  /** Called after an order was saved. */
  onSaved: (() => void) | undefined;
  readonly #orders: Outbox<OrderMessage>;
  readonly #payments: Outbox<OrderMessage>;
  readonly #events: Outbox<EventMessage>;
  readonly #scheduler: SchedulerBinding;
  readonly #alarm: AlarmClock;
  #calls = 0;

  constructor(storage: DurableObjectStorage, env: OutboxEnv) {
    this.ledger = new Ledger(storage);
    this.#orders = new Outbox<OrderMessage>(env.ORDERS);
    this.#payments = new Outbox<OrderMessage>(env.DUE_PAYMENTS);
    this.#events = new Outbox<EventMessage>(env.WEBHOOKS);
    this.#scheduler = env;
    this.#alarm = new AlarmClock(storage);
    this.published = new Publications(env, this.ledger);
    this.allowances = new AllowanceReports(env, this.ledger, () =>
      this.#alarm.fireBy(this.#allDuties()),
    );
  }

  /** What the object did since it woke, apart from rows. Cloudflare bills these counts. */
  get activity(): { messagesSent: number; calls: number } {
    const outboxes = [this.#orders, this.#payments, this.#events];
    const messagesSent = outboxes.reduce((sum, outbox) => sum + outbox.messagesSent, 0);
    return { messagesSent, calls: this.#calls };
  }

  /** Runs before the first command. Sets the alarm again if it was lost. */
  async wake(): Promise<void> {
    await this.#alarm.load();
    this.#alarm.fireBy(this.#allDuties());
  }

  /** Starts a command. Ends the holds that are over, and returns the time that the command sees. */
  begin(): number {
    this.#calls += 1;
    const now = Date.now();
    if (this.#alarm.isLost(now)) this.#alarm.fireBy(this.#allDuties());
    this.expireEnded(now);
    return now;
  }

  /** Makes sure that the alarm fires by then (milliseconds). */
  wakeBy(time: number): void {
    this.#alarm.fireBy([time]);
  }

  /** The work of the alarm: expires holds, and sends again what was not acknowledged in time. */
  runAlarm(): void {
    this.#alarm.fired();
    const now = Date.now();
    this.expireEnded(now, EXPIRE_PER_ALARM);
    this.#sendDueOrders(now);
    this.#sendDueEvents(now);
    this.allowances.resend(now);
    this.forgetTraces(now);
    if (this.ledger.tallies.isFull) this.ledger.tallies.combine();
    this.published.stockChanged();
    this.#alarm.fireBy(this.#allDuties());
  }

  /** Ends the holds that are over. */
  expireEnded(now: number, limit = EXPIRE_PER_COMMAND): void {
    for (const ref of this.ledger.index.takeEndedHolds(now, limit)) this.current(ref, now);
  }

  /** The order as it is now, after the end of its hold if that is over. */
  current(ref: OrderRef, now: number): OrderRow | undefined {
    const row = this.ledger.order(ref);
    return row && this.#endHold(row, now);
  }

  /** A user's orders as they are now. Their own ended holds never block them, however many others remain. */
  ordersOf(userId: string, now: number): OrderRow[] {
    return this.ledger.ordersOf(userId).map((row) => this.#endHold(row, now));
  }

  /** The state that decides about a user's orders. `key`: that of the attempt, if one is decided. */
  stateOf(userId: string, now: number, key?: string): BuyerState {
    const mine = this.ordersOf(userId, now);
    // The key of an order is the alias of no other one.
    const isAlias = key !== undefined && !mine.some((order) => order.idempotencyKey === key);
    const aliases = isAlias && mine.length > 0 ? this.ledger.aliasesOf(userId) : [];
    const { setup, stock } = this.ledger;
    return { terms: setup?.terms ?? null, stock, mine, aliases };
  }

  /** The state that decides about a payment of one order. */
  stateFor(row: OrderRow, now: number): BuyerState {
    return { ...this.stateOf(row.userId, now), isLateLeased: this.lateLeased.has(row.orderId) };
  }

  /** Saves an order. `send: false` if the consumer already has the version. `isFirst` if its owner never had an order here. */
  save(before: OrderRow | undefined, row: OrderRow, { send = true, isFirst = false } = {}): void {
    const unacknowledged = this.ledger.save(before, row, isFirst);
    if (before && isLateCharge(before, row)) count("payments_late", row.saleId);
    this.allowances.orderChanged(row);
    this.published.stockChanged();
    if (needsAttention(before) !== needsAttention(row)) this.published.attentionChanged();
    if (unacknowledged) this.#alarm.fireBy(this.#duties([unacknowledged]));
    if (send) this.send(row);
    this.onSaved?.();
  }

  /** Sends the consumer a message about an order, changed or not. Free orders do not queue behind paid ones. */
  send(row: OrderRow): void {
    (isFree(row) ? this.#orders : this.#payments).post([toOrderMessage(row)]);
  }

  /** Sends an order's event to the shop. The alarm repeats that until the shop accepts it. */
  sendEvent(ref: OrderRef): void {
    this.#events.post([toEventMessage(ref)]);
    const owed = this.ledger.index.owed.get(ref.orderId);
    if (owed) this.#alarm.fireBy(this.#duties([], [owed]));
  }

  /** Deletes a batch of the traces that are due. The alarm goes on with the next one. */
  forgetTraces(now: number): void {
    const isMore = this.ledger.forgetTraces(now, FORGET_PER_CALL);
    if (isMore) this.#alarm.fireBy([now + PAUSE_MS]);
  }

  #sendDueOrders(now: number): void {
    const due = [...this.ledger.index.unacknowledged.values()].filter(
      (order) => resendBy(order, now) <= now,
    );
    for (const order of due) {
      const { dueAt } = resendSchedule(Math.min(order.changedAt, now), now);
      order.dueAt = dueAt + Math.random() * RESEND_JITTER_MS;
    }
    const { free, priced, inLine } = Object.groupBy(due, wayOf);
    this.#orders.post((free ?? []).map(toOrderMessage));
    this.#payments.post((priced ?? []).map(toOrderMessage));
    void this.#enterLine((inLine ?? []).map(toOrderMessage));
  }

  /**
   * Puts orders of which only the money is missing into the line of the payments, unless they are in it. That is one call, and
   * not a message for each. What the line does not take goes to the queue, which tries again.
   */
  async #enterLine(orders: OrderMessage[]): Promise<void> {
    const outside = await enterLine(this.#scheduler, orders);
    this.#payments.post(orders.filter(({ orderId }) => outside.has(orderId)));
  }

  #sendDueEvents(now: number): void {
    for (const owed of this.ledger.index.owed.values()) {
      if (owed.dueAt === undefined || owed.dueAt > now) continue;
      owed.dueAt = nextDelivery(owed.since, now);
      this.#events.post([toEventMessage(owed)]);
    }
  }

  #endHold(row: OrderRow, now: number): OrderRow {
    const ended = decideHoldEnd(row, now);
    if (ended) this.save(row, ended);
    return ended ?? row;
  }

  #allDuties(): Generator<number> {
    const { unacknowledged, owed } = this.ledger.index;
    return this.#duties(unacknowledged.values(), owed.values());
  }

  /** When the object must wake for the next hold, these orders and these events. */
  *#duties(orders: Iterable<Unacknowledged>, events: Iterable<OwedEvent> = []): Generator<number> {
    const { nextHoldEnd } = this.ledger.index;
    if (nextHoldEnd !== undefined) yield nextHoldEnd;
    const { dueAt: reportDueAt } = this.allowances;
    if (reportDueAt !== undefined) yield reportDueAt;
    const now = Date.now();
    if (this.ledger.tallies.isFull) yield now + PAUSE_MS;
    for (const order of orders) yield resendBy(order, now);
    for (const { dueAt } of events) if (dueAt !== undefined) yield dueAt;
  }
}

// What the object's use cases share: the ledger, and everything that must keep in step with it whenever
// an order changes: outbox, alarm and published stock.
import { AlarmClock } from "./alarm-clock.ts";
import type { BuyerSummary } from "./buyers.ts";
import { available, type BuyerState, decideExpire } from "./decide-order.ts";
import { Ledger, type Unacknowledged } from "./ledger.ts";
import { LiveStock, type PublicStock } from "./live-stock.ts";
import type { EventMessage, OrderMessage } from "./messages.ts";
import type { OrderRow } from "./order.ts";
import { type OrderRef, parseOrderId } from "./order-id.ts";
import { Outbox, resendBy, resendSchedule } from "./outbox.ts";
import { nextDelivery, type OwedEvent } from "./owed-events.ts";
import { SoldOutFeed } from "./sold-out-feed.ts";

/**
 * Ended holds expired before each command at most: ten thousand ending at once must not stall a buyer.
 * More than the largest quantity an order can have, so that the units it needs are free.
 */
const EXPIRE_PER_COMMAND = 128;
/** Ended holds expired by one alarm before others get a turn. */
const EXPIRE_PER_ALARM = 500;
/** Resends of several objects, or of one after a wake, do not fall on the same moment. */
const RESEND_JITTER_MS = 2_000;

export class UnitOfWork {
  readonly ledger: Ledger;
  readonly #outbox: Outbox<OrderMessage>;
  readonly #news: Outbox<EventMessage>;
  readonly #alarm: AlarmClock;
  readonly #live: LiveStock;
  readonly #buyers: SoldOutFeed;
  #calls = 0;

  constructor(storage: DurableObjectStorage, env: Pick<Env, "ORDERS" | "WEBHOOKS">) {
    this.ledger = new Ledger(storage);
    this.#outbox = new Outbox<OrderMessage>(env.ORDERS);
    this.#news = new Outbox<EventMessage>(env.WEBHOOKS);
    this.#alarm = new AlarmClock(storage);
    this.#live = new LiveStock(env);
    this.#buyers = new SoldOutFeed(env, this.ledger.buyers);
  }

  /** What the object did since it woke: what Cloudflare bills, beside the rows. */
  get activity(): { messagesSent: number; calls: number } {
    return {
      messagesSent: this.#outbox.messagesSent + this.#news.messagesSent,
      calls: this.#calls,
    };
  }

  /** Before the first command: an alarm that was lost on the way is set again. */
  async wake(): Promise<void> {
    await this.#alarm.recall();
    this.#alarm.ringBy(this.#allDuties());
  }

  /** Every command starts here: the time it sees, and the holds that ended by then. */
  begin(): number {
    this.#calls += 1;
    const now = Date.now();
    if (this.#alarm.isLost(now)) {
      this.#alarm.ringBy(this.#allDuties());
    }
    this.#expireEnded(now, EXPIRE_PER_COMMAND);
    return now;
  }

  /** What the alarm is for: ends holds, and sends again what was not acknowledged in time. */
  ring(): void {
    this.#alarm.rang();
    const now = Date.now();
    this.#expireEnded(now, EXPIRE_PER_ALARM);
    const due = [...this.ledger.unacknowledged.values()].filter(
      (order) => resendBy(order, now) <= now,
    );
    for (const order of due) {
      const { dueAt } = resendSchedule(Math.min(order.changedAt, now), now);
      order.dueAt = dueAt + Math.random() * RESEND_JITTER_MS;
    }
    this.#outbox.post(due.map(toMessage));
    this.#offerDue(now);
    this.stockChanged();
    this.#alarm.ringBy(this.#allDuties());
  }

  /** The order as it is now: a hold that has ended is expired first. */
  current(ref: OrderRef, now: number): OrderRow | undefined {
    const row = this.ledger.order(ref);
    return row && this.#expireEndedHold(row, now);
  }

  /** A user's own ended holds never stand in their way, however many of others are still to expire. */
  ordersOf(userId: string, now: number): OrderRow[] {
    return this.ledger.ordersOf(userId).map((row) => this.#expireEndedHold(row, now));
  }

  stateOf(userId: string, now: number): BuyerState {
    const mine = this.ordersOf(userId, now);
    const aliases = mine.length > 0 ? this.ledger.aliasesOf(userId) : [];
    const { setup, stock } = this.ledger;
    return { terms: setup?.terms ?? null, stock, mine, aliases };
  }

  /** `send: false` when the consumer that asked for the change takes the new version with it. */
  save(before: OrderRow | undefined, row: OrderRow, { send = true } = {}): void {
    const unacknowledged = this.ledger.save(before, row);
    this.stockChanged();
    if (unacknowledged) this.#alarm.ringBy(this.#duties([unacknowledged]));
    if (send) this.#outbox.post([toMessage(row)]);
  }

  /** Offers an order's news to the shop, and again until it is taken. */
  offer(ref: OrderRef): void {
    this.#news.post([toNews(ref)]);
    const owed = this.ledger.owed.get(ref.orderId);
    if (owed) this.#alarm.ringBy(this.#duties([], [owed]));
  }

  #offerDue(now: number): void {
    for (const owed of this.ledger.owed.values()) {
      if (owed.dueAt === undefined || owed.dueAt > now) continue;
      owed.dueAt = nextDelivery(owed.since, now);
      this.#news.post([toNews(owed)]);
    }
  }

  stockChanged(): void {
    const { setup } = this.ledger;
    if (setup) this.#live.changed(setup.skuId, () => this.publicStock());
  }

  /** Publishes the stock even if it is what was published last. */
  publishStock(): void {
    this.#live.forget();
    this.stockChanged();
  }

  /** What edges may know of the stock; `withBuyers` also while units are free. */
  publicStock(withBuyers = false): PublicStock {
    const { stock } = this.ledger;
    const free = available(stock);
    const buyers = withBuyers || free === 0 ? this.#buyerSummary() : undefined;
    return { available: free, held: stock.held, ...(buyers === undefined ? {} : { buyers }) };
  }

  /** The buyers' filter, for an edge that cannot find it in Redis. */
  async buyerFilter(): Promise<string> {
    const { setup } = this.ledger;
    return setup ? this.#buyers.filter(setup.skuId) : "";
  }

  #buyerSummary(): BuyerSummary | undefined {
    const { setup } = this.ledger;
    return setup ? this.#buyers.summary(setup.skuId, () => this.stockChanged()) : undefined;
  }

  #expireEnded(now: number, limit: number): void {
    for (const ref of this.ledger.takeEndedHolds(now, limit)) this.current(ref, now);
  }

  #expireEndedHold(row: OrderRow, now: number): OrderRow {
    const expired = decideExpire(row, now);
    if (expired) this.save(row, expired);
    return expired ?? row;
  }

  #allDuties(): Generator<number> {
    return this.#duties(this.ledger.unacknowledged.values(), this.ledger.owed.values());
  }

  /** When the object must wake for what it holds, `orders` included. */
  *#duties(orders: Iterable<Unacknowledged>, news: Iterable<OwedEvent> = []): Generator<number> {
    const { nextHoldEnd } = this.ledger;
    if (nextHoldEnd !== undefined) yield nextHoldEnd;
    const now = Date.now();
    for (const order of orders) yield resendBy(order, now);
    for (const { dueAt } of news) if (dueAt !== undefined) yield dueAt;
  }
}

const refOf = ({ userId, orderId }: OrderRef) => ({
  v: 1 as const,
  ...(parseOrderId(orderId) as { skuId: string; lane: number }),
  userId,
  orderId,
});

const toMessage = (order: OrderRef & { version: number }): OrderMessage => ({
  ...refOf(order),
  version: order.version,
});

const toNews = (order: OrderRef): EventMessage => ({ ...refOf(order), kind: "news" });

// The Durable Object of one SKU: the serialised owner of its units and orders. It loads, lets the pure
// functions decide, commits, and answers; all of a use case happens without an await, so its writes
// commit together and no other request sees half of it.
import { DurableObject } from "cloudflare:workers";
import type { OrderMessage } from "../orders/message.ts";
import {
  available,
  type BuyerState,
  decideCancel,
  decideConfirmFree,
  decideExpire,
  decidePay,
  decideReserve,
  decideSettle,
  type ReserveCommand,
  type ReserveDecision,
} from "./decide-order.ts";
import {
  type ConfigureCommand,
  decideConfigure,
  decideRestock,
  type Setup,
} from "./decide-stock.ts";
import { Ledger, type OrderRef } from "./ledger.ts";
import { LiveStock } from "./live-stock.ts";
import {
  asAccepted,
  type Order,
  type OrderRow,
  type OwnedOrder,
  parseOrderId,
  toOrder,
} from "./order.ts";
import { isStuck, Outbox, resendSchedule } from "./outbox.ts";
import {
  type Claim,
  type SettledMoney,
  Settlement,
  toClaim,
  type WrittenVersion,
} from "./settlement.ts";

/** Ended holds expired before each command at most: ten thousand ending at once must not
 * stall a buyer. More than the largest quantity an order can have, so that the units it needs are free. */
const EXPIRE_PER_COMMAND = 128;
/** Ended holds expired by one alarm before others get a turn. */
const EXPIRE_PER_ALARM = 500;
const PAGE_SIZE = 200;
/** Resends of several objects, or of one after a wake, do not fall on the same moment. */
const RESEND_JITTER_MS = 2_000;

export type ReserveResult =
  | { ok: true; replayed: boolean; order: Order }
  | Exclude<ReserveDecision, { ok: true }>;

export type OrderResult<Reason extends string> =
  | { ok: true; order: Order }
  | { ok: false; reason: Reason | "not_found" };

export interface LedgerReport {
  skuId: string;
  saleId: string | null;
  revision: number;
  /** The `stock` of the sale document; `stocked` also counts restocks. */
  configuredStock: number;
  stocked: number;
  available: number;
  held: number;
  sold: number;
  units: Record<string, number>;
  unacknowledged: number;
  stuck: OrderRef[];
  /** Since the object woke: what Cloudflare bills. */
  activity: { rowsRead: number; rowsWritten: number; messagesSent: number; calls: number };
}

export class SkuInventory extends DurableObject<Pick<Env, "ORDERS">> {
  readonly #ledger: Ledger;
  readonly #outbox: Outbox;
  #alarmAt: number | null = null;
  readonly #live: LiveStock;
  #calls = 0;

  constructor(ctx: DurableObjectState, env: Pick<Env, "ORDERS">) {
    super(ctx, env);
    this.#ledger = new Ledger(ctx.storage.sql);
    this.#outbox = new Outbox(env.ORDERS);
    this.#live = new LiveStock(env);
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
      this.#armAlarm(this.#ledger.unacknowledged.values());
    });
  }

  // ---- buyers

  /** Takes units for a buyer, or says truthfully why not. The answer leaves once the row is durable. */
  reserve(command: ReserveCommand): ReserveResult {
    const now = this.#begin();
    const decision = decideReserve(this.#stateOf(command.userId, now), command, now);
    if (!decision.ok) return decision;
    const { row, replayed } = decision;
    if (!replayed) this.#save(undefined, row);
    return { ok: true, replayed, order: asAccepted(row) };
  }

  /** Attaches a payment method to an order that was reserved without one. */
  pay(ref: OrderRef, token: string): OrderResult<"order_not_payable"> {
    return this.#change(ref, (row, now) => decidePay(row, token, now));
  }

  cancel(ref: OrderRef): OrderResult<"order_not_cancellable"> {
    return this.#change(ref, decideCancel);
  }

  find(ref: OrderRef): Order | null {
    const now = this.#begin();
    const row = this.#current(ref, now);
    return row ? toOrder(row) : null;
  }

  ordersOf(userId: string): Order[] {
    return this.#ordersOf(userId, this.#begin()).map(toOrder);
  }

  // ---- the consumer

  /**
   * Hands the consumer its orders: free ones are confirmed on the spot, the others come with the step
   * their money needs. `session` settles and acknowledges them; it is part of the same call.
   */
  claim(refs: OrderRef[]): { claims: Claim[]; session: Settlement } {
    const now = this.#begin();
    const claims = refs.flatMap((ref) => {
      const row = this.#current(ref, now);
      if (!row) return [];
      const confirmed = decideConfirmFree(row, now);
      if (confirmed) this.#save(row, confirmed, { send: false });
      return [toClaim(confirmed ?? row)];
    });
    return { claims, session: new Settlement(this) };
  }

  /**
   * Applies what the gateway said. Returns the claims as they are now; a refund may have become due.
   * With `send` the new version goes through the queue: for news that no consumer is waiting for.
   */
  settle(outcomes: SettledMoney[], { send = false } = {}): Claim[] {
    const now = this.#begin();
    return outcomes.flatMap(({ userId, orderId, money }) => {
      const row = this.#current({ userId, orderId }, now);
      if (!row) return [];
      const settled = decideSettle(this.#stateOf(userId, now), row, money, now);
      if (settled) this.#save(row, settled, { send });
      return [toClaim(settled ?? row)];
    });
  }

  /** Records that the read model has these versions. A version that moved on meanwhile stays due. */
  acknowledge(written: WrittenVersion[]): void {
    for (const ref of written) {
      const row = this.#ledger.order(ref);
      if (!row || row.acknowledged >= ref.version || ref.version > row.version) continue;
      this.#ledger.save(row, { ...row, acknowledged: ref.version });
    }
  }

  // ---- the operator

  /** Applies an offer if it is newer than what the object knows, and says what it now knows. */
  configure(command: ConfigureCommand): Setup {
    const { setup, stock } = this.#ledger;
    const decided = decideConfigure(setup, stock, command);
    if (decided) this.#ledger.saveSetup(decided);
    this.#noteStock();
    return decided ?? (setup as Setup);
  }

  /** Adds or takes back units, once per key. */
  restock(
    quantity: number,
    key: string,
  ):
    | { ok: true; stocked: number; replayed: boolean }
    | { ok: false; reason: "not_found" | "idempotency_key_reused" }
    | { ok: false; reason: "below_committed"; available: number } {
    this.#begin();
    const { setup, stock } = this.#ledger;
    if (!setup) return { ok: false, reason: "not_found" };
    const used = this.#ledger.restockOf(key);
    if (used !== undefined) {
      return used === quantity
        ? { ok: true, stocked: stock.stocked, replayed: true }
        : { ok: false, reason: "idempotency_key_reused" };
    }
    const decision = decideRestock(stock, quantity);
    if (!decision.ok) return decision;
    this.#ledger.saveRestock(key, quantity);
    this.#ledger.saveSetup({ ...setup, stocked: decision.stocked });
    this.#noteStock();
    return { ok: true, stocked: decision.stocked, replayed: false };
  }

  /** The state of the ledger; null when nothing was ever on sale here. */
  report(): LedgerReport | null {
    const now = this.#begin();
    const { setup, stock, units, unacknowledged, rows } = this.#ledger;
    if (!setup) return null;
    return {
      skuId: setup.skuId,
      saleId: setup.terms?.saleId ?? null,
      revision: setup.revision,
      configuredStock: setup.configuredStock,
      ...stock,
      available: available(stock),
      units: { ...units },
      unacknowledged: unacknowledged.size,
      stuck: [...unacknowledged.values()]
        .filter((order) => isStuck(order, now))
        .slice(0, PAGE_SIZE)
        .map(({ userId, orderId }) => ({ userId, orderId })),
      activity: { ...rows, messagesSent: this.#outbox.messagesSent, calls: this.#calls },
    };
  }

  /** A page of all orders with their owners, in key order; `next` leads to the following page. */
  page(after: OrderRef | null): { orders: OwnedOrder[]; next: OrderRef | null } {
    this.#begin();
    const rows = this.#ledger.page(after ?? undefined, PAGE_SIZE);
    const last = rows.length === PAGE_SIZE ? rows.at(-1) : undefined;
    return {
      orders: rows.map(toOwned),
      next: last ? { userId: last.userId, orderId: last.orderId } : null,
    };
  }

  /** Random acknowledged orders, for the reconciliation. */
  sample(limit: number): OwnedOrder[] {
    return this.#ledger.sample(limit).map(toOwned);
  }

  // ---- the clock

  /** The safety net: ends holds, and sends again what was not acknowledged. Runs at least once. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    const now = Date.now();
    this.#expireEnded(now, EXPIRE_PER_ALARM);
    const due = [...this.#ledger.unacknowledged.values()].filter(({ dueAt }) => dueAt <= now);
    for (const order of due) {
      order.dueAt = resendSchedule(order.changedAt, now).dueAt + Math.random() * RESEND_JITTER_MS;
    }
    this.#outbox.post(due.map(toMessage));
    this.#noteStock();
    this.#armAlarm(this.#ledger.unacknowledged.values());
  }

  // ---- what the use cases share

  #noteStock(): void {
    const { setup, buyers } = this.#ledger;
    if (!setup) return;
    const { skuId } = setup;
    this.#live.changed(() => ({ skuId, available: available(this.#ledger.stock), buyers }));
  }

  /** Every command starts here: the time it sees, and the holds that ended by then. */
  #begin(): number {
    this.#calls += 1;
    const now = Date.now();
    this.#expireEnded(now, EXPIRE_PER_COMMAND);
    return now;
  }

  #expireEnded(now: number, limit: number): void {
    for (const ref of this.#ledger.takeEndedHolds(now, limit)) this.#current(ref, now);
  }

  /** The order as it is now: a hold that has ended is expired first. */
  #current(ref: OrderRef, now: number): OrderRow | undefined {
    const row = this.#ledger.order(ref);
    return row && this.#expireEndedHold(row, now);
  }

  #expireEndedHold(row: OrderRow, now: number): OrderRow {
    const expired = decideExpire(row, now);
    if (expired) this.#save(row, expired);
    return expired ?? row;
  }

  /** A user's own ended holds never stand in their way, however many of others are still to expire. */
  #ordersOf(userId: string, now: number): OrderRow[] {
    return this.#ledger.ordersOf(userId).map((row) => this.#expireEndedHold(row, now));
  }

  #stateOf(userId: string, now: number): BuyerState {
    const mine = this.#ordersOf(userId, now);
    const { setup, stock } = this.#ledger;
    return { terms: setup?.terms ?? null, stock, mine };
  }

  #change<Reason extends string>(
    ref: OrderRef,
    decide: (
      row: OrderRow,
      now: number,
    ) => { ok: true; changed: boolean; row: OrderRow } | { ok: false; reason: Reason },
  ): OrderResult<Reason> {
    const now = this.#begin();
    const row = this.#current(ref, now);
    if (!row) return { ok: false, reason: "not_found" };
    const decision = decide(row, now);
    if (!decision.ok) return decision;
    if (decision.changed) this.#save(row, decision.row);
    return { ok: true, order: toOrder(decision.row) };
  }

  /** `send: false` when the consumer that asked for the change takes the new version with it. */
  #save(before: OrderRow | undefined, row: OrderRow, { send = true } = {}): void {
    const unacknowledged = this.#ledger.save(before, row);
    this.#noteStock();
    if (unacknowledged) this.#armAlarm([unacknowledged]);
    if (send) this.#outbox.post([toMessage(row)]);
  }

  /**
   * Keeps the object's one alarm no later than its next duty. Setting an alarm is a billed row, so an
   * alarm that is early enough is left alone: under load that is one a few seconds, not one an order.
   */
  #armAlarm(changed: Iterable<{ dueAt: number }>): void {
    let wanted = this.#ledger.nextHoldEnd ?? Number.POSITIVE_INFINITY;
    for (const { dueAt } of changed) wanted = Math.min(wanted, dueAt);
    if (wanted >= (this.#alarmAt ?? Number.POSITIVE_INFINITY)) return;
    this.#alarmAt = wanted;
    // What is overdue rings now: the runtime refuses times that lie before its own beginning.
    void this.ctx.storage.setAlarm(Math.max(wanted, Date.now()));
  }
}

const toOwned = (row: OrderRow): OwnedOrder => ({ userId: row.userId, order: toOrder(row) });

function toMessage(order: OrderRef & { version: number }): OrderMessage {
  const { userId, orderId, version } = order;
  return {
    v: 1,
    ...(parseOrderId(orderId) as { skuId: string; lane: number }),
    userId,
    orderId,
    version,
  };
}

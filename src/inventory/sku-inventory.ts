// The Durable Object of one SKU: the serialised owner of its units and orders. It loads, lets the pure
// functions decide, commits, and answers; all of a use case happens without an await, so its writes
// commit together and no other request sees half of it.
import { DurableObject } from "cloudflare:workers";
import {
  type Claim,
  ClaimSession,
  type PaymentResult,
  toClaim,
  type WrittenVersion,
} from "./claim.ts";
import {
  available,
  decideCancel,
  decideConfirmFree,
  decidePay,
  decidePaymentResult,
} from "./decide-order.ts";
import { decideReserve, type ReserveCommand, type ReserveDecision } from "./decide-reserve.ts";
import { type ConfigureCommand, decideConfigure, type Setup } from "./decide-stock.ts";
import type { PublicStock } from "./live-stock.ts";
import { asAccepted, type Order, type OrderRow, type OwnedOrder, toOrder } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { type EventToDeliver, isFinal } from "./owed-events.ts";
import { type LedgerReport, reportOf } from "./report.ts";
import { UnitOfWork } from "./unit-of-work.ts";

const PAGE_SIZE = 200;

/** `stock`: what the edge may tell others, who are refused alike unless they bought before. */
export type ReserveResult =
  | { ok: true; replayed: boolean; order: Order }
  | (Exclude<ReserveDecision, { ok: true }> & { stock?: PublicStock });

/** Refusals of everybody who has no order yet. While nothing sells, no new buyer can come. */
const OF_EVERYBODY: ReadonlySet<string> = new Set(["not_found", "sale_not_open", "sale_closed"]);

export type OrderResult<Reason extends string> =
  | { ok: true; order: Order }
  | { ok: false; reason: Reason | "not_found" };

export class SkuInventory extends DurableObject<Pick<Env, "ORDERS" | "WEBHOOKS">> {
  readonly #work: UnitOfWork;

  constructor(ctx: DurableObjectState, env: Pick<Env, "ORDERS" | "WEBHOOKS">) {
    super(ctx, env);
    this.#work = new UnitOfWork(ctx.storage, env);
    ctx.blockConcurrencyWhile(() => this.#work.wake());
  }

  // ---- buyers

  /** Takes units for a buyer, or says truthfully why not. The answer leaves once the row is durable. */
  reserve(command: ReserveCommand): ReserveResult {
    const now = this.#work.begin();
    const decision = decideReserve(this.#work.stateOf(command.userId, now), command, now);
    if (!decision.ok) {
      const nothingSells = OF_EVERYBODY.has(decision.reason);
      const tells = nothingSells || decision.reason === "sold_out";
      if (!command.wantsBuyers || !tells) return decision;
      return { ...decision, stock: this.#work.publicStock(nothingSells) };
    }
    const { row, replayed, alias } = decision;
    if (!replayed) this.#work.save(undefined, row);
    if (alias) this.#work.ledger.saveAlias(row.userId, alias);
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
    const now = this.#work.begin();
    const row = this.#work.current(ref, now);
    return row ? toOrder(row) : null;
  }

  /** What edges may know of the stock, for one that finds it unpublished; it is published again as well. */
  publicStock(): PublicStock | null {
    this.#work.begin();
    this.#work.publishStock();
    return this.#work.ledger.setup && this.#work.publicStock();
  }

  /** Who may have an order here, as an edge without Redis needs to know it (see `buyers.ts`). */
  buyerFilter(): Promise<string> {
    this.#work.begin();
    return this.#work.buyerFilter();
  }

  ordersOf(userId: string): Order[] {
    return this.#work.ordersOf(userId, this.#work.begin()).map(toOrder);
  }

  // ---- the consumer

  /**
   * Hands the consumer its orders: free ones are confirmed on the spot, the others come with the step
   * their money needs. `session` settles and acknowledges them; it is part of the same call.
   */
  claim(refs: OrderRef[]): { claims: Claim[]; session: ClaimSession } {
    const now = this.#work.begin();
    const claims = refs.flatMap((ref) => {
      const row = this.#work.current(ref, now);
      if (!row) return [];
      const confirmed = decideConfirmFree(row, now);
      if (confirmed) this.#work.save(row, confirmed, { send: false });
      return [toClaim(confirmed ?? row)];
    });
    return { claims, session: new ClaimSession(this) };
  }

  /**
   * Applies what the gateway said. Returns the claims as they are now; a refund may have become due.
   * With `send` the new version goes through the queue: for news that no consumer is waiting for.
   */
  recordPayments(outcomes: PaymentResult[], { send = false } = {}): Claim[] {
    const now = this.#work.begin();
    return outcomes.flatMap(({ userId, orderId, money }) => {
      const row = this.#work.current({ userId, orderId }, now);
      if (!row) return [];
      const settled = decidePaymentResult(this.#work.stateOf(userId, now), row, money, now);
      if (settled) this.#work.save(row, settled, { send });
      return [toClaim(settled ?? row)];
    });
  }

  /**
   * Records that the read model has these versions, and that the shop is owed news of them. A version that
   * moved on meanwhile stays due.
   */
  acknowledge(written: WrittenVersion[]): void {
    const now = Date.now();
    for (const ref of written) {
      const row = this.#work.ledger.order(ref);
      if (!row || row.acknowledged >= ref.version || ref.version > row.version) continue;
      const owed = ref.owed === true && isFinal(row);
      const acknowledged = { ...row, acknowledged: ref.version };
      this.#work.ledger.save(row, owed ? { ...acknowledged, owedSince: now } : acknowledged);
      if (owed) this.#work.offer(row);
    }
  }

  /** Whether the read model has the newest version of an order: then no message about it is needed any more. */
  isAcknowledged(ref: OrderRef): boolean {
    const row = this.#work.current(ref, this.#work.begin());
    return row !== undefined && row.acknowledged >= row.version;
  }

  // ---- the shop

  /** What the shop is still owed of these orders, each as it is now. */
  owedEvents(refs: OrderRef[]): EventToDeliver[] {
    const now = this.#work.begin();
    return refs.flatMap((ref) => {
      const row = this.#work.current(ref, now);
      if (!row || row.owedSince === null || !isFinal(row)) return [];
      return [{ userId: row.userId, order: toOrder(row), since: row.owedSince }];
    });
  }

  /** Records that the shop has these versions. Of one that moved on meanwhile it is still owed the newest. */
  markDelivered(taken: (OrderRef & { version: number })[]): void {
    for (const ref of taken) {
      const row = this.#work.ledger.order(ref);
      if (!row || row.owedSince === null || row.version !== ref.version) continue;
      this.#work.ledger.save(row, { ...row, owedSince: null });
    }
  }

  /** Owes the shop news of every order once more, page by page; `next` leads to the following page. */
  oweEventsAgain(after: OrderRef | null): { owed: number; next: OrderRef | null } {
    const now = this.#work.begin();
    const rows = this.#work.ledger.page(after ?? undefined, PAGE_SIZE);
    const news = rows.filter(isFinal);
    for (const row of news) {
      this.#work.ledger.save(row, { ...row, owedSince: now });
      this.#work.offer(row);
    }
    return { owed: news.length, next: nextAfter(rows) };
  }

  // ---- the operator

  /**
   * Applies an offer if it is newer than what the object knows, and says what it now knows. `everSold`:
   * whether an order was ever accepted here, whatever became of it.
   */
  configure(command: ConfigureCommand): Setup & { everSold: boolean } {
    const { setup, stock } = this.#work.ledger;
    const decided = decideConfigure(setup, stock, command);
    if (decided) this.#work.ledger.saveSetup(decided);
    // Also when nothing is new: what was published may have been lost since.
    this.#work.publishStock();
    return { ...(decided ?? (setup as Setup)), everSold: this.#work.ledger.everSold };
  }

  /**
   * What a restock must know: units that are free, and the quantity for which the key was used while the
   * object itself kept the keys. Null when nothing was ever on sale here.
   */
  beforeRestock(key: string): { available: number; used?: number } | null {
    this.#work.begin();
    const { setup, stock } = this.#work.ledger;
    if (!setup) return null;
    const used = this.#work.ledger.restockOf(key);
    return { available: available(stock), ...(used === undefined ? {} : { used }) };
  }

  /** The state of the ledger; null when nothing was ever on sale here. */
  report(): LedgerReport | null {
    const now = this.#work.begin();
    return reportOf(this.#work.ledger, this.#work.activity, now);
  }

  /** A page of all orders with their owners, in key order; `next` leads to the following page. */
  page(after: OrderRef | null): { orders: OwnedOrder[]; next: OrderRef | null } {
    this.#work.begin();
    const rows = this.#work.ledger.page(after ?? undefined, PAGE_SIZE);
    return { orders: rows.map(toOwned), next: nextAfter(rows) };
  }

  /** Random acknowledged orders, for the reconciliation. */
  sample(limit: number): OwnedOrder[] {
    return this.#work.ledger.sample(limit).map(toOwned);
  }

  /** The safety net: ends holds, and sends again what was not acknowledged. Runs at least once. */
  override async alarm(): Promise<void> {
    this.#work.ring();
  }

  #change<Reason extends string>(
    ref: OrderRef,
    decide: (
      row: OrderRow,
      now: number,
    ) => { ok: true; changed: boolean; row: OrderRow } | { ok: false; reason: Reason },
  ): OrderResult<Reason> {
    const now = this.#work.begin();
    const row = this.#work.current(ref, now);
    if (!row) return { ok: false, reason: "not_found" };
    const decision = decide(row, now);
    if (!decision.ok) return decision;
    if (decision.changed) this.#work.save(row, decision.row);
    return { ok: true, order: toOrder(decision.row) };
  }
}

/** Where the next page begins; null after the last one. */
function nextAfter(rows: OrderRow[]): OrderRef | null {
  const last = rows.length === PAGE_SIZE ? rows.at(-1) : undefined;
  return last ? { userId: last.userId, orderId: last.orderId } : null;
}

const toOwned = (row: OrderRow): OwnedOrder => ({ userId: row.userId, order: toOrder(row) });

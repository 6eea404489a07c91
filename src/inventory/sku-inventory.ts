// The Durable Object of one SKU: the serialized owner of its units and orders. Each use case loads, lets a pure
// function decide, saves and answers without an await, so its writes commit together and no other request sees
// half of it.
import { DurableObject } from "cloudflare:workers";
import type { ExtraEvent } from "../config/webhook-events.ts";
import { type Answer, attemptsOf, countOrders, type OpenAttempts } from "./allowance/counting.ts";
import { withLateLeases } from "./allowance/late-leases.ts";
import type { AuditPage } from "./audit.ts";
import {
  cancel,
  type OrderResult,
  pay,
  paymentOf,
  type ReserveResult,
  reserve,
} from "./buyer-use-cases.ts";
import { type Claim, ClaimSession, type PaymentResult, type WrittenVersion } from "./claim.ts";
import {
  acknowledge,
  claim,
  expiredUnits,
  markDelivered,
  owedEvents,
  recordPayments,
  resendEvents,
} from "./consumer-use-cases.ts";
import type { PaymentView, PayRefusal } from "./decide-pay.ts";
import type { RefundCommand } from "./decide-refund.ts";
import type { PaymentReport } from "./decide-report.ts";
import type { ReserveCommand } from "./decide-reserve.ts";
import { asCounted, type ConfigureCommand, decideConfigure, type Setup } from "./decide-stock.ts";
import { eraseObject } from "./erase-object.ts";
import type { OrderInspection } from "./inspection.ts";
import type { LaneReport, RootWord } from "./lanes/escrow.ts";
import { MOVED } from "./lanes/homes.ts";
import { Lanes } from "./lanes/lanes.ts";
import type { Configured, ExchangeAnswer, LanesEnv, OrderPage, ResentPage } from "./lanes/stub.ts";
import * as wholeSku from "./lanes/whole-sku.ts";
import { LineGate } from "./line-gate.ts";
import type { PublicStock } from "./live-stock.ts";
import {
  inspectOrder,
  type RefundAnswer,
  type ReleaseAnswer,
  type ResendAnswer,
  refund,
  release,
  resendEvent,
} from "./operator-use-cases.ts";
import { type Order, type OwnedOrder, toOrder } from "./order.ts";
import { type Layout, newOrderId, type OrderAddress, type OrderRef } from "./order-id.ts";
import type { EventFilter, EventToDeliver } from "./owed-events.ts";
import { type EventResult, type PaymentEvent, recordEvent } from "./payment-event.ts";
import { type ReportResult, recordReport } from "./payment-report.ts";
import type { LedgerReport } from "./report.ts";
import { type OutboxEnv, UnitOfWork } from "./unit-of-work.ts";

type ObjectEnv = OutboxEnv & LanesEnv;

/** The attempt as another lane takes it. */
const forLane = (command: ReserveCommand, address: OrderAddress): ReserveCommand => ({
  ...command,
  orderId: newOrderId(address),
  wantsBuyers: false,
});

export class SkuInventory extends DurableObject<ObjectEnv> {
  readonly #work: UnitOfWork;
  readonly #gate: LineGate;
  readonly #lanes: Lanes;
  readonly #reader: wholeSku.Reader;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#work = new UnitOfWork(ctx.storage, env);
    this.#gate = new LineGate(env);
    this.#lanes = new Lanes(env, this.#work, ctx.id.name);
    this.#reader = { work: this.#work, lanes: this.#lanes };
    ctx.blockConcurrencyWhile(async () => {
      await this.#work.wake();
      this.#lanes.settle();
    });
  }

  // ---- buyers

  /** Reserves units for a buyer, or names the reason why not. The answer leaves once the row is durable. */
  reserve(command: ReserveCommand, layout?: Layout): ReserveResult | Promise<ReserveResult> {
    const { userId, quantity } = command;
    const { homes } = this.#lanes;
    return homes.run<ReserveResult>(
      userId,
      layout,
      () =>
        this.#lanes.supply<ReserveResult | typeof MOVED>(quantity, (isFinal) =>
          homes.isHere(userId) ? reserve(this.#work, this.#gate, command, isFinal) : MOVED,
        ) as ReserveResult | Promise<ReserveResult | typeof MOVED>,
      // The list of another lane's buyers is not this one's.
      (home) => home.stub.reserve(forLane(command, home.address), home.layout),
    );
  }

  /** Attaches a payment method to a reserved order, or another one after a decline. */
  pay(
    ref: OrderRef,
    token: string,
    receiptEmail?: string,
    requestId?: string,
  ): OrderResult<PayRefusal> {
    return pay(this.#work, ref, token, receiptEmail, requestId);
  }

  /** The payment of an order for its owner. */
  payment(ref: OrderRef): PaymentView | null {
    return paymentOf(this.#work, ref);
  }

  /** Answers once the buyer's allowance has the units back, so that they can take others at once. */
  async cancel(ref: OrderRef, requestId?: string): Promise<OrderResult<"order_not_cancellable">> {
    const result = cancel(this.#work, ref, requestId);
    if (!result.ok) return result;
    const { saleId } = result.order;
    await Promise.all([this.#work.allowances.told({ ...ref, saleId }), this.#lanes.told()]);
    return result;
  }

  find(ref: OrderRef): Order | null {
    const row = this.#work.current(ref, this.#work.begin());
    return row ? toOrder(row) : null;
  }

  ordersOf(userId: string, layout?: Layout): Order[] | Promise<Order[]> {
    return this.#lanes.homes.run(
      userId,
      layout,
      () => this.#work.ordersOf(userId, this.#work.begin()).map(toOrder),
      (home) => home.stub.ordersOf(userId, home.layout),
    );
  }

  /** The stock for an edge that does not find it in Redis. Publishes it again. */
  publicStock(): PublicStock | null {
    this.#work.begin();
    this.#lanes.root.settle();
    this.#work.published.all();
    return this.#work.ledger.setup && this.#work.published.stock();
  }

  /** The filter of the buyers (see `buyers.ts`), for an edge that does not find it in Redis. */
  buyerFilter(): Promise<string> {
    this.#work.begin();
    return this.#work.published.buyerFilter();
  }

  // ---- the consumers

  /** Claims orders for the consumer. `session` continues the claim within the same call. */
  claim(refs: OrderRef[]): { claims: Claim[]; session: ClaimSession } {
    return { claims: claim(this.#work, refs), session: new ClaimSession(this) };
  }

  /** Applies what the payment provider reported. Returns the claims as they are now: a refund may have become due. */
  recordPayments(results: PaymentResult[]): Promise<Claim[]> {
    const charged = results.filter(({ money }) => money.outcome === "charged");
    // Without an answer, the step is taken again later.
    return this.#withLateLeases(charged, () => recordPayments(this.#work, results), []);
  }

  /** Applies an event of the payment provider, or has the consumer look it up. */
  recordEvent(event: PaymentEvent): Promise<EventResult> {
    // A refund can be the first news of its charge.
    const isCharge = event.kind === "succeeded" || event.returned !== undefined;
    const charged = isCharge ? [event] : [];
    return this.#withLateLeases(charged, () => recordEvent(this.#work, event), "too_early");
  }

  /** Applies a report of the shop's own checkout. */
  recordReport(orderId: string, report: PaymentReport): Promise<ReportResult> {
    const userId = this.#work.ledger.byId.ownerOf(orderId);
    const isCharge = report.outcome === "charged" && userId !== undefined;
    const charged = isCharge ? [{ userId, orderId }] : [];
    const apply = () => recordReport(this.#work, orderId, report);
    return this.#withLateLeases(charged, apply, { ok: false, reason: "unavailable" });
  }

  #withLateLeases<Result>(
    charged: OrderRef[],
    apply: () => Result,
    undecided: Result,
  ): Promise<Result> {
    const work = () => withLateLeases(this.env, this.#work, charged, apply, undecided);
    return this.#lanes.withFree(() => expiredUnits(this.#work, charged), work);
  }

  // ---- the allowances of a sale with a limit per person

  /** What became of attempts of one user, for an allowance that has not been told. */
  attempts(asked: OpenAttempts, layout?: Layout): Answer[] | Promise<Answer[]> {
    return this.#lanes.homes.run(
      asked.userId,
      layout,
      () => attemptsOf(this.#work, asked),
      (home) => home.stub.attempts(asked, home.layout),
    );
  }

  /** When the sale closes (milliseconds). Null if the SKU is not in it. */
  closesAt(saleId: string): number | null {
    const terms = this.#work.ledger.setup?.terms;
    return terms?.saleId === saleId ? terms.closesAt : null;
  }

  /**
   * Reports a page of the orders that were made before the sale had a limit per person. @returns where the following page
   * starts, or null if all are counted. @throws if an allowance does not answer
   */
  async countOrders(after: OrderRef | null): Promise<OrderRef | null> {
    const { next } = await this.#lanes.walk(
      after,
      async () => ({ next: await countOrders(this.#work, after) }),
      async (lane) => ({ next: await lane.countOrders(after) }),
    );
    return next;
  }

  /**
   * Records that the read model has these versions, and that the shop is owed events about them. An order with
   * a newer version stays unacknowledged. So does one whose money must move: it is sent again, but not published again.
   *
   * @param extra the types of events that the shop asked for, beside those of final changes
   */
  acknowledge(written: WrittenVersion[], extra: readonly ExtraEvent[] = []): void {
    acknowledge(this.#work, written, extra);
  }

  /** Whether the read model has the newest version of an order, so that no message about it is needed. */
  isAcknowledged(ref: OrderRef): boolean {
    const row = this.#work.current(ref, this.#work.begin());
    return row !== undefined && row.acknowledged >= row.version;
  }

  /** The events about these orders that the shop is still owed, each with the order as it is now. */
  owedEvents(refs: OrderRef[], extra: readonly ExtraEvent[] = []): EventToDeliver[] {
    return owedEvents(this.#work, refs, extra);
  }

  /** Records that the shop accepted these versions. An order with a newer version still owes its event. */
  markDelivered(delivered: (OrderRef & { version: number })[]): void {
    markDelivered(this.#work, delivered);
  }

  // ---- the operator

  /** Accepts a refund of units of a confirmed order, once per key. The consumer returns the money. */
  refund(orderId: string, command: RefundCommand): RefundAnswer {
    return refund(this.#work, orderId, command);
  }

  /** An order by its id alone. Null if there is none. */
  inspect(orderId: string): OrderInspection | null {
    return inspectOrder(this.#work, orderId);
  }

  /** Orders with ids whose random parts start like this. Expires no hold, so that looking changes nothing. */
  startingWith(random: string): Promise<OwnedOrder[]> {
    return wholeSku.startingWith(this.#reader, random);
  }

  /** Gives the units of a reserved order back. The consumer voids its payment. */
  async release(orderId: string, { backOnSale }: { backOnSale: boolean }): Promise<ReleaseAnswer> {
    const answer = release(this.#work, orderId, backOnSale);
    await this.#lanes.told();
    return answer;
  }

  /** Sends the event of one order to the shop again. */
  resendEvent(orderId: string, extra: readonly ExtraEvent[] = []): ResendAnswer {
    return resendEvent(this.#work, orderId, extra);
  }

  /** Sends the events of a page of orders to the shop again, those that pass. `next`: where the following page starts. */
  resendEvents(
    after: OrderRef | null,
    filter: EventFilter = { extra: [] },
  ): ResentPage | Promise<ResentPage> {
    return this.#lanes.walk(
      after,
      () => resendEvents(this.#work, after, filter),
      (lane) => lane.resendEvents(after, filter),
    );
  }

  /**
   * Applies an offer if it is newer than what the object has, and returns what it has then. `everSold`: whether
   * an order was ever accepted here, in any status.
   */
  configure(command: ConfigureCommand): Configured | Promise<Configured> {
    return wholeSku.configure(this.#reader, command, () => this.#configure(command));
  }

  #configure(command: ConfigureCommand): Configured {
    const { ledger } = this.#work;
    const decided = decideConfigure(ledger.setup, ledger.stock, command, Date.now());
    if (decided) ledger.saveSetup(ledger.everSold ? decided : asCounted(decided));
    this.#lanes.settle();
    // The reconciliation comes every hour.
    this.#work.forgetTraces(Date.now());
    // Even if nothing is new: Redis may have lost what was published.
    this.#work.published.all();
    return { ...(ledger.setup as Setup), everSold: ledger.everSold };
  }

  /**
   * What a restock needs to know: the free units, and the quantity for which the key was used while the object
   * itself stored restock keys. Null if nothing was ever on sale here.
   */
  beforeRestock(key: string): Promise<{ available: number; used?: number } | null> {
    return wholeSku.beforeRestock(this.#reader, key);
  }

  /** The state of the ledger, of all lanes together. Null if nothing was ever on sale here. */
  report(): LedgerReport | null | Promise<LedgerReport | null> {
    return wholeSku.report(this.#reader);
  }

  /** A page of all orders with their owners, in key order. `next`: the following page. Publishes with the first one. */
  page(after: OrderRef | null): OrderPage | Promise<OrderPage> {
    return wholeSku.page(this.#reader, after);
  }

  /** A page of all orders for the report of the sale. Expires no hold, so that looking changes nothing. */
  audit(after: OrderRef | null): AuditPage | Promise<AuditPage> {
    return wholeSku.audit(this.#reader, after);
  }

  /** The next acknowledged orders, for the reconciliation, so that all come in turn. */
  sample(limit: number): OwnedOrder[] | Promise<OwnedOrder[]> {
    return wholeSku.sample(this.#reader, limit);
  }

  // ---- the lanes

  /** At the root: a lane reports, and gets units. See `lanes/escrow.ts`. */
  exchange(report: LaneReport, wants: number): Promise<ExchangeAnswer> {
    this.#work.begin();
    return this.#lanes.root.exchange(report, wants);
  }

  /** At another lane: the root collects free units. */
  collected(word: RootWord): LaneReport {
    this.#work.begin();
    return this.#lanes.lane.hear(word);
  }

  /** Whether a user ever had an order here. From now on, nobody new does whom this layout gives to another lane. */
  hasBuyer(userId: string, layout: Layout): boolean {
    this.#lanes.adopt(layout);
    return this.#work.ledger.hasBuyer(userId);
  }

  /** A filter of all users who ever had an order here. The same holds. */
  buyersUnder(layout: Layout): Promise<string> {
    this.#lanes.adopt(layout);
    return this.#lanes.buyers();
  }

  /** Whether nothing is on sale in any lane, and all that was ever sold was sold in a rehearsal. */
  isErasable(): Promise<boolean> {
    return wholeSku.isErasable(this.#reader);
  }

  /** Deletes everything after a rehearsal. Returns false, and deletes nothing, if there may be something of a real sale. */
  async erase(): Promise<boolean> {
    // The root comes last: without it, nothing names the other lanes.
    if (!(await wholeSku.eraseOthers(this.#reader))) return false;
    await eraseObject(this.ctx);
    return true;
  }

  /** The safety net: expires holds, and sends again what was not acknowledged. Runs at least once. */
  override async alarm(): Promise<void> {
    this.#work.runAlarm();
    this.#lanes.settle();
  }
}

// A model of a SKU's object without storage or a clock. It applies commands through the pure decisions and
// records every change, so that property tests can check whole histories.
import { decideHoldEnd } from "../../src/inventory/decide-hold-end.ts";
import {
  type Alias,
  type BuyerState,
  decideCancel,
  decideConfirmFree,
  type Stock,
} from "../../src/inventory/decide-order.ts";
import { decideLookUp, decidePaymentResult } from "../../src/inventory/decide-outcome.ts";
import { decidePay } from "../../src/inventory/decide-pay.ts";
import {
  decideRefund,
  decideRefundLookUp,
  decideRefundResult,
  type RefundCommand,
  type RefundResult,
  type Returned,
} from "../../src/inventory/decide-refund.ts";
import {
  type ChargeState,
  decideReport,
  type ReportAction,
} from "../../src/inventory/decide-report.ts";
import { decideReturned } from "../../src/inventory/decide-reported.ts";
import { decideReserve, type ReserveCommand } from "../../src/inventory/decide-reserve.ts";
import { decideConfigure, decideWithdraw, type Setup } from "../../src/inventory/decide-stock.ts";
import { type OrderRow, totalOf } from "../../src/inventory/order.ts";
import { dueRefund, type ReturnReport, takenUnits } from "../../src/inventory/returns.ts";
import { type Command, SKU, START } from "./commands.ts";

/** One change of an order. `before` is undefined for a new order. */
export interface Change {
  before: OrderRow | undefined;
  after: OrderRow;
  at: number;
}

const REFUNDED = { outcome: "refunded" } as const;

export class LedgerModel {
  now = START;
  setup: Setup | null = null;
  readonly orders = new Map<string, OrderRow>();
  readonly aliases = new Map<string, Alias[]>();
  readonly changes: Change[] = [];
  /** The charges that the shop reported, by order id and reference. */
  readonly charges = new Map<string, ChargeState>();

  get stock(): Stock {
    const units = (status: string) =>
      [...this.orders.values()]
        .filter((row) => row.status === status)
        .reduce((sum, row) => sum + row.quantity - takenUnits(row), 0);
    const stocked = this.setup?.stocked ?? 0;
    return { stocked, held: units("reserved"), sold: units("confirmed") };
  }

  /** The id of the next order. */
  get nextOrderId(): string {
    return `${SKU}.0.${String(this.orders.size).padStart(20, "0")}`;
  }

  stateOf(userId: string): BuyerState {
    const mine = [...this.orders.values()].filter((row) => row.userId === userId);
    const aliases = this.aliases.get(userId) ?? [];
    return { terms: this.setup?.terms ?? null, stock: this.stock, mine, aliases };
  }

  /** Units that a user holds or bought. */
  unitsOf(userId: string): number {
    return this.stateOf(userId)
      .mine.filter(({ status }) => status === "reserved" || status === "confirmed")
      .reduce((sum, row) => sum + row.quantity - takenUnits(row), 0);
  }

  /** Applies a command and returns how many orders it changed. */
  apply(command: Command): number {
    const changesBefore = this.changes.length;
    this.#apply(command);
    return this.changes.length - changesBefore;
  }

  #apply(command: Command): void {
    switch (command.do) {
      case "tick":
        this.now += command.ms;
        return;
      case "configure": {
        const { revision, offer } = command;
        const document = { skuId: SKU, revision, offer };
        this.setup = decideConfigure(this.setup, this.stock, document, this.now) ?? this.setup;
        return;
      }
      case "reserve":
        this.#reserve(command);
        return;
      default: {
        const row = [...this.orders.values()][command.order % Math.max(1, this.orders.size)];
        if (row && command.do === "settle") this.#settle(command, row);
        else if (row && command.do === "refund") this.#refund(command, row);
        else if (row && command.do === "settleRefund") this.settleRefund(row, command.result);
        else if (row && command.do === "report") this.report(command, row);
        else if (row) this.save(row, this.#decide(command, row));
      }
    }
  }

  /** An independent copy. */
  copy(): LedgerModel {
    const copy = Object.assign(new LedgerModel(), { now: this.now, setup: this.setup });
    for (const row of this.orders.values()) copy.orders.set(row.orderId, row);
    for (const [user, aliases] of this.aliases) copy.aliases.set(user, [...aliases]);
    return copy;
  }

  /** The command in the form that the object takes. */
  toReserve(command: Command & { do: "reserve" }): ReserveCommand {
    const { user, quantity, key, body, token, flight = 0, seen, lookUp, afterUnpaid } = command;
    return {
      userId: user,
      orderId: this.nextOrderId,
      quantity,
      ...(token === undefined ? {} : { paymentToken: token }),
      ...(seen === undefined ? {} : { unitPrice: { amount: seen, currency: "USD" } }),
      ...(lookUp ? { lookUpOnly: true } : {}),
      ...(afterUnpaid ? { afterUnpaidHolds: afterUnpaid } : {}),
      idempotencyKey: key,
      fingerprint: body,
      askedAt: this.now - flight,
    };
  }

  #reserve(command: Command & { do: "reserve" }): void {
    const { user } = command;
    const decision = decideReserve(this.stateOf(user), this.toReserve(command), this.now);
    if (!decision.ok) return;
    if (!decision.replayed) this.save(undefined, decision.row);
    const { alias } = decision;
    if (alias) this.aliases.set(user, [...(this.aliases.get(user) ?? []), alias]);
  }

  #decide(command: Command, row: OrderRow): OrderRow | undefined {
    switch (command.do) {
      case "pay":
      case "cancel":
      case "release": {
        const decision =
          command.do === "pay"
            ? decidePay(row, command.token, this.now)
            : decideCancel(row, this.now, command.do === "release" ? "operator" : "buyer");
        return decision.ok && decision.changed ? decision.row : undefined;
      }
      case "expire":
        return decideHoldEnd(row, this.now);
      case "confirmFree":
        return decideConfirmFree(row, this.now);
      case "lookUp":
        return decideLookUp(row, command.event, this.now);
      default:
        return undefined;
    }
  }

  #settle({ money, attempt }: Command & { do: "settle" }, row: OrderRow): void {
    const state = this.stateOf(row.userId);
    const after = decidePaymentResult(state, row, money, this.now, attempt);
    this.save(row, after);
    const isReturned = money.outcome === "charged" && money.isRefunded;
    if (after && isReturned) this.#settle({ do: "settle", order: 0, money: REFUNDED }, after);
  }

  /** Applies a report with the right amount. Returns what the shop must do. */
  report({ report }: Command & { do: "report" }, row: OrderRow): ReportAction | undefined {
    const key = `${row.orderId} ${report.reference}`;
    const full = { ...report, amount: totalOf(row) };
    const state = this.stateOf(row.userId);
    const decision = decideReport(state, row, this.charges.get(key), full, this.now);
    if (!decision.ok) return undefined;
    this.save(row, decision.row);
    if (decision.charge) this.charges.set(key, decision.charge);
    return decision.action;
  }

  /** The command in the form that the object takes. */
  toRefund({ id, quantity, backOnSale }: Command & { do: "refund" }): RefundCommand {
    const fingerprint = `${quantity} ${backOnSale}`;
    const units = quantity === undefined ? {} : { quantity };
    return { id, fingerprint, backOnSale, reason: "damaged", ...units };
  }

  #refund(command: Command & { do: "refund" }, row: OrderRow): void {
    const decision = decideRefund(row, this.toRefund(command), this.now);
    if (decision.ok && decision.changed) this.#return(row, decision.changed);
  }

  /** Applies the outcome of the order's oldest refund that is due. */
  settleRefund(row: OrderRow, result: RefundResult, refundId = dueRefund(row)?.id): void {
    const returned = decideRefundResult(row, refundId ?? "", result, this.now);
    if (returned) this.#return(row, returned);
  }

  /** The provider reports that a bank returned the refund with this id. */
  reportFailedRefund(row: OrderRow, refundId: string): void {
    this.save(row, decideRefundLookUp(row, refundId, true, this.now));
  }

  /** The provider reports what it returned of the order's charge in total. */
  reportReturned(row: OrderRow, report: ReturnReport): void {
    const isWhole = report.amount === totalOf(row).amount && !dueRefund(row);
    if (isWhole) this.#settle({ do: "settle", order: 0, money: REFUNDED }, row);
    else this.save(row, decideReturned(row, report, this.now));
  }

  #return(before: OrderRow, { row, withdrawn }: Returned): void {
    if (this.setup && withdrawn > 0) this.setup = decideWithdraw(this.setup, withdrawn);
    this.save(before, row);
  }

  save(before: OrderRow | undefined, after: OrderRow | undefined): void {
    if (!after) return;
    this.orders.set(after.orderId, after);
    this.changes.push({ before, after, at: this.now });
  }
}

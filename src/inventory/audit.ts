// A ledger's part of the report of its sale: its orders in key order, each with the facts that the report checks.
import type { Ledger } from "./ledger.ts";
import { type OrderRow, type OrderStatus, refundedOf, totalOf } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import type { Payment } from "./order-payment.ts";
import { nextAfter } from "./page.ts";
import { takenUnits } from "./returns.ts";
import type { Traces } from "./traces.ts";

/** Rows of one page. More than in other lists, because the report of a large sale reads all of them. */
const AUDIT_PAGE_SIZE = 1_000;

export interface AuditedOrder extends OrderRef {
  saleId: string;
  status: OrderStatus;
  /** Absent while no payment method was given, and on free orders. */
  payment?: Payment["state"];
  /** Units that still belong to the order. */
  units: number;
  currency: string;
  /** Minor units. */
  total: number;
  refunded: number;
  /** Milliseconds since 1970. */
  createdAt: number;
  traces: Traces;
}

/** A page of a ledger's orders. */
export interface AuditPage {
  orders: AuditedOrder[];
  /** Units that refunds took off sale so far. */
  withdrawn: number;
  /** Where the next page starts. Null after the last one. */
  next: OrderRef | null;
}

export function auditPage(ledger: Ledger, after: OrderRef | null): AuditPage {
  const rows = ledger.pages.after(after ?? undefined, AUDIT_PAGE_SIZE);
  return {
    orders: rows.map(toAudited),
    withdrawn: ledger.setup?.withdrawn ?? 0,
    next: nextAfter(rows, AUDIT_PAGE_SIZE),
  };
}

function toAudited(row: OrderRow): AuditedOrder {
  const { amount: total, currency } = totalOf(row);
  return {
    userId: row.userId,
    orderId: row.orderId,
    saleId: row.saleId,
    status: row.status,
    ...(row.payment ? { payment: row.payment.state } : {}),
    units: row.quantity - takenUnits(row),
    currency,
    total,
    refunded: refundedOf(row).amount,
    createdAt: row.createdAt,
    traces: row.traces ?? {},
  };
}

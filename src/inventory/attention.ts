// What needs the operator at a SKU. Each object publishes its counts, so that the overview shows all of them without waking
// the objects.
import * as z from "zod";
import type { Ledger } from "./ledger.ts";
import { hasFailedRefund, isDisputed } from "./ledger-index.ts";
import type { OrderRow } from "./order.ts";

export const attentionSchema = z.object({
  /** Orders whose refund failed: the money must be returned in another way. */
  refundsFailed: z.int().min(0),
  /** Charges at the shop's own checkout that the shop must return. */
  refundsDue: z.int().min(0),
  /** Orders with an open dispute. */
  disputed: z.int().min(0),
  /** Reports within the last 30 days of payments that are not the order's. */
  mismatches: z.int().min(0),
});

export type Attention = z.output<typeof attentionSchema>;

export const attentionOf = (ledger: Ledger, now: number): Attention => ({
  refundsFailed: ledger.index.refundsFailed.size,
  refundsDue: ledger.payments.countRefundsDue(),
  disputed: ledger.index.disputed.size,
  mismatches: ledger.payments.countMismatches(now),
});

export const isQuiet = (attention: Attention): boolean =>
  Object.values(attention).every((count) => count === 0);

/** Which counts an order belongs to. Compared before and after a change. */
export const needsAttention = (row?: OrderRow): string =>
  `${row !== undefined && hasFailedRefund(row)} ${row !== undefined && isDisputed(row)}`;

// The operator's answers about stock and single orders.
import * as z from "zod";
import type { OrderInspection } from "../../inventory/inspection.ts";
import type { RefundReceipt } from "../../inventory/operator-use-cases.ts";
import type { LedgerReport } from "../../inventory/report.ts";
import type { BankEntry } from "../../payments/sandbox-bank.ts";
import { count, mapOf, money, skuId, time } from "./common.ts";
import { orderFields } from "./orders.ts";

const orderRef = z
  .strictObject({ userId: z.string(), orderId: z.string() })
  .meta({ id: "OrderRef" });

export const ledger = z
  .strictObject({
    skuId,
    saleId: z.string().nullable(),
    revision: z.number(),
    stocked: count,
    available: count,
    held: count,
    sold: count,
    units: mapOf(z.number()).describe("Units of the orders, by status."),
    unacknowledged: count.describe("Orders that the read model does not have yet."),
    uncounted: count.describe("Orders that the limit of the sale per person has not counted yet."),
    unannounced: count.describe("Orders with an event that the shop has not accepted yet."),
    stuck: z.array(orderRef).describe("Orders that were not acknowledged in time."),
    refundsDue: z
      .array(z.strictObject({ orderId: z.string(), reference: z.string() }))
      .describe("Charges at your own checkout that you must return: up to 200."),
    refundsFailed: z.array(orderRef).describe("The money must be returned in another way."),
    disputed: z.array(orderRef),
    mismatches: z
      .array(z.strictObject({ orderId: z.string(), reference: z.string(), at: time }))
      .describe("Reports of payments that are not the order's, newest first: up to 200."),
    holdsPaused: count.describe("Holds whose clock stands still while a payment is under way."),
    activity: z
      .strictObject({ rowsRead: count, rowsWritten: count, messagesSent: count, calls: count })
      .describe("Since the object woke: what Cloudflare bills."),
  })
  .meta({
    id: "Ledger",
    description: "The truth about one SKU: `stocked = available + held + sold`.",
  }) satisfies z.ZodType<LedgerReport>;

export const rebuilt = z
  .strictObject({
    skuId,
    orders: count.describe("Orders in the ledger."),
    repaired: count.describe("Orders that the read model lacked or had in an older version."),
    events: count.exactOptional().describe("Events that are sent again."),
  })
  .meta({ id: "Rebuilt" });

const charge = z.strictObject({
  id: z
    .string()
    .exactOptional()
    .describe("The provider's id of the payment, or the shop's reference."),
  nextStep: z
    .enum(["charge", "refund", "void", "none"])
    .describe("What is done next about the money."),
  attempt: z.int().min(1).describe("Which of the buyer's payment methods it is about."),
  isExternal: z.literal(true).exactOptional().describe("The shop's own checkout took it."),
  givenAt: time.exactOptional(),
  clockStoppedAt: time.exactOptional().describe("Since when the hold's clock stands still."),
});

const refund = z
  .strictObject({
    id: z.string(),
    quantity: count,
    amount: money,
    backOnSale: z.boolean(),
    reason: z.string(),
    acceptedAt: time,
    state: z.enum(["due", "succeeded", "failed"]),
  })
  .meta({ id: "Refund" });

export const inspection = z
  .strictObject({
    ...orderFields,
    userId: z.string(),
    changedAt: time,
    isPublished: z.boolean().describe("Whether the read model has this version."),
    charge: charge.exactOptional(),
    refunds: z.array(refund).describe("The operator's refunds, oldest first."),
    dispute: z.strictObject({ id: z.string(), status: z.string(), at: time }).exactOptional(),
    eventOwedSince: time
      .exactOptional()
      .describe("Since when the shop's webhook is owed an event."),
  })
  .meta({
    id: "OrderInspection",
    description: "An order as operators see it. Without payment methods and client secrets.",
  }) satisfies z.ZodType<OrderInspection>;

export const refundReceipt = z
  .strictObject({
    refundId: z.string().describe("The idempotency key of the request."),
    orderId: z.string(),
    quantity: count,
    amount: money,
    backOnSale: z.boolean(),
    reason: z.string(),
    acceptedAt: time,
  })
  .meta({ id: "RefundReceipt" }) satisfies z.ZodType<RefundReceipt>;

export const eventResent = z.strictObject({ webhookId: z.string() }).meta({ id: "EventResent" });

const bankEntry = z
  .strictObject({
    orderId: z.string(),
    amount: z.int(),
    currency: z.string(),
    state: z.enum(["tried", "asking", "charged", "declined", "voided", "refunded"]),
    method: z.int(),
    attempts: count,
    charges: count,
    refunds: count,
    refunded: z.int(),
  })
  .meta({ id: "SandboxPayment" }) satisfies z.ZodType<BankEntry>;

export const sandboxPayments = z
  .strictObject({ payments: z.array(bankEntry) })
  .meta({ id: "SandboxPayments" });

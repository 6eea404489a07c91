// What operators call about the ledgers of SKUs, and about single orders.
import { refundSchema } from "../../admin/refunds.ts";
import { restockSchema } from "../../admin/sales.ts";
import * as ledger from "../answers/ledger.ts";
import * as orders from "../answers/orders.ts";
import { OPERATOR, type Operations } from "../operation.ts";

const shared = { tag: "Stock", security: OPERATOR } as const;

export const stockOperations: Operations = {
  "POST /api/admin/skus/{skuId}/restock": {
    ...shared,
    id: "restockSku",
    summary: "Add units to a SKU, or remove free ones",
    description:
      "Changes the `stock` of the sale's document, and so its `ETag`. Counts once per key.",
    parameters: ["skuId", "idempotencyKey", "changeReason"],
    body: { name: "RestockRequest", schema: restockSchema, example: { quantity: 10 } },
    answers: {
      200: {
        description: "The ledger.",
        body: ledger.ledger,
        headers: ["ETag", "Idempotent-Replayed"],
      },
    },
    errors: [
      "not_found",
      "idempotency_key_required",
      "idempotency_key_reused",
      "stock_below_committed",
      "overloaded",
    ],
  },
  "GET /api/admin/skus/{skuId}/ledger": {
    ...shared,
    id: "getLedger",
    summary: "Read the ledger of a SKU",
    description:
      "`unacknowledged`: orders that the consumer has not settled. `uncounted`: orders that the limit of the sale has not " +
      "counted. `unannounced`: events that the shop has not accepted. `refundsDue`: charges that your own checkout must " +
      "return. `mismatches`: payments reported within 30 days that are not the order's. `holdsPaused`: holds that wait for a " +
      "payment of ours.",
    parameters: ["skuId"],
    answers: { 200: { description: "The ledger.", body: ledger.ledger } },
    errors: ["not_found", "overloaded"],
  },
  "GET /api/admin/skus/{skuId}/orders": {
    ...shared,
    id: "listOrdersOfSku",
    summary: "List the orders of a SKU",
    parameters: ["skuId", "cursor"],
    answers: { 200: { description: "A page of orders.", body: orders.ledgerOrderList } },
    errors: ["not_found", "invalid_request", "overloaded"],
  },
  "GET /api/admin/skus/{skuId}/orders.csv": {
    ...shared,
    id: "exportOrdersOfSku",
    summary: "Export the orders of a SKU",
    description:
      "Amounts in decimals. A text that would run as a formula gets an apostrophe in front. A download that fails breaks off, " +
      "so a complete file is complete.",
    parameters: ["skuId"],
    answers: {
      200: {
        description: "All orders.",
        body: {
          mediaType: "text/csv",
          description: "A header and one record for each order. New columns go to the end.",
        },
        headers: ["Content-Disposition"],
      },
    },
    errors: ["not_found", "overloaded"],
  },
  "POST /api/admin/skus/{skuId}/rebuild": {
    ...shared,
    id: "rebuildSku",
    summary: "Copy a ledger to the read model again",
    description: "With `events` it also offers the shop the event of every order again.",
    parameters: ["skuId", "events", "changeReason"],
    answers: { 200: { description: "What was copied.", body: ledger.rebuilt } },
    errors: ["not_found", "invalid_request", "overloaded"],
  },
  "GET /api/admin/orders": {
    ...shared,
    id: "listOrdersOfUser",
    summary: "List the orders of a user, or those with a number",
    description:
      "With `user`: that user's orders, newest first; `incomplete` while some may be missing, as when Redis is down. With " +
      "`number`: all orders with it, in the ledger of `sku` or in up to 200, those of the published sales first. A number has " +
      "40 bits: of a million orders, two share theirs with a chance of about a third, and a given one is shared with a chance " +
      "of one in a million.",
    parameters: ["user", "number", "skuInQuery", "cursor"],
    answers: { 200: { description: "A page of orders.", body: orders.ownedOrderList } },
    errors: ["invalid_request"],
  },
  "GET /api/admin/orders/{orderId}": {
    ...shared,
    id: "inspectOrder",
    summary: "Read an order with its payment, refunds, and event",
    description:
      "As its ledger has it. `eventOwedSince`: the shop has not accepted its event since then.",
    parameters: ["orderId"],
    answers: { 200: { description: "The order.", body: ledger.inspection } },
    errors: ["not_found", "overloaded"],
  },
  "POST /api/admin/orders/{orderId}/refund": {
    ...shared,
    id: "refundOrder",
    summary: "Refund an order, or some of its units",
    description:
      "The order shows when the money is back with the buyer. Without `quantity`, all that is left is returned, and money of units that are " +
      "gone if a bank returned it. A `quantity` of 0 returns that money alone.",
    parameters: ["orderId", "idempotencyKey"],
    body: {
      name: "RefundRequest",
      schema: refundSchema,
      example: { quantity: 1, backOnSale: true, reason: "Returned unopened" },
    },
    answers: {
      202: {
        description: "The refund will be made.",
        body: ledger.refundReceipt,
        headers: ["Idempotent-Replayed"],
      },
    },
    errors: [
      "not_found",
      "idempotency_key_required",
      "idempotency_key_reused",
      "order_not_cancellable",
      "overloaded",
    ],
  },
  "POST /api/admin/orders/{orderId}/release": {
    ...shared,
    id: "releaseOrder",
    summary: "Give the units of a reserved order back on sale",
    description:
      "The order becomes `cancelled` with the reason `operator`. A payment is voided, and money that arrives anyway is " +
      "refunded. It does not count as an unpaid hold of the buyer. Repeating it changes nothing.",
    parameters: ["orderId", "changeReason"],
    answers: { 200: { description: "The cancelled order.", body: ledger.inspection } },
    errors: ["not_found", "order_not_cancellable", "invalid_request", "overloaded"],
  },
  "POST /api/admin/orders/{orderId}/webhooks/resend": {
    ...shared,
    id: "resendEvent",
    summary: "Send the shop the event of an order again",
    parameters: ["orderId", "changeReason"],
    answers: {
      202: { description: "The event will be sent, with the same id.", body: ledger.eventResent },
    },
    errors: ["not_found", "invalid_request", "overloaded"],
  },
  "GET /api/admin/sandbox/payments": {
    ...shared,
    id: "listSandboxPayments",
    summary: "List the payments of the sandbox",
    description: 'Only with `PAYMENTS="sandbox"`. Else 404.',
    parameters: ["after"],
    answers: { 200: { description: "A page of payments.", body: ledger.sandboxPayments } },
    errors: ["not_found"],
  },
};

// What pages and apps of buyers call to buy, and about a buyer's own orders.
import { orderBodySchema, paymentBodySchema } from "../../funnel/attempt.ts";
import { loginSchema } from "../../funnel/login.ts";
import * as orders from "../answers/orders.ts";
import * as system from "../answers/system.ts";
import { RESERVED } from "../examples.ts";
import { BUYER, type Operations } from "../operation.ts";

const IN_ORDER = {
  quantity: 1,
  unitPrice: { amount: 12000, currency: "USD" },
} as const;

export const orderOperations: Operations = {
  "POST /api/skus/{skuId}/orders": {
    id: "placeOrder",
    tag: "Orders",
    summary: "Reserve units",
    description:
      "The answer is final: 202 means that the units are held for this buyer. Without an answer, send the same request " +
      "with the same `Idempotency-Key` and `Idempotency-Retry: true`. Such a repeat gets the stored answer, whatever " +
      "became of the sale meanwhile.",
    security: BUYER,
    parameters: ["skuId", "idempotencyKey", "idempotencyRetry", "visitToken", "challengeToken"],
    body: { name: "OrderRequest", schema: orderBodySchema, example: IN_ORDER },
    answers: {
      202: {
        description: "The units are held.",
        body: orders.order,
        headers: ["Location", "Idempotent-Replayed"],
        example: RESERVED,
      },
    },
    errors: [
      "idempotency_key_required",
      "idempotency_key_reused",
      "blocked",
      "challenge_required",
      "ticket_required",
      "not_admitted_yet",
      "sale_not_open",
      "sale_paused",
      "sale_closed",
      "not_found",
      "sold_out",
      "user_limit_reached",
      "price_changed",
      "payment_method_required",
      "rate_limited",
      "overloaded",
    ],
    isLimited: true,
  },
  "GET /api/orders": {
    id: "listOrders",
    tag: "Orders",
    summary: "List one's own orders",
    description:
      "Newest first. Reads its own writes: an order is in it as soon as it was accepted.",
    security: BUYER,
    parameters: ["cursor"],
    answers: { 200: { description: "A page of orders.", body: orders.orderList } },
    errors: ["invalid_request", "rate_limited"],
    isLimited: true,
  },
  "GET /api/orders/{orderId}": {
    id: "getOrder",
    tag: "Orders",
    summary: "Read an order",
    security: BUYER,
    parameters: ["orderId"],
    answers: { 200: { description: "The order.", body: orders.order, headers: ["X-Served-From"] } },
    errors: ["not_found", "rate_limited", "overloaded"],
    isLimited: true,
  },
  "DELETE /api/orders/{orderId}": {
    id: "cancelOrder",
    tag: "Orders",
    summary: "Give a reserved order back",
    security: BUYER,
    parameters: ["orderId"],
    answers: { 200: { description: "The cancelled order.", body: orders.order } },
    errors: ["not_found", "order_not_cancellable", "rate_limited", "overloaded"],
    isLimited: true,
  },
  "GET /api/orders/{orderId}/payment": {
    id: "getPayment",
    tag: "Orders",
    summary: "Read the payment of an order",
    security: BUYER,
    parameters: ["orderId"],
    answers: { 200: { description: "The payment.", body: orders.payment } },
    errors: ["not_found", "rate_limited", "overloaded"],
    isLimited: true,
  },
  "POST /api/orders/{orderId}/payment": {
    id: "payOrder",
    tag: "Orders",
    summary: "Pay an order, or pay again after a decline",
    description:
      "The hold's clock stands still until the provider answers. 503 if so many payments wait that the hold could end meanwhile.",
    security: BUYER,
    parameters: ["orderId"],
    body: {
      name: "PaymentRequest",
      schema: paymentBodySchema,
      example: { paymentToken: "tok_ok" },
    },
    answers: { 202: { description: "The method was accepted.", body: orders.order } },
    errors: ["not_found", "order_not_payable", "rate_limited", "overloaded"],
    isLimited: true,
  },
  "GET /api/session": {
    id: "getBuyerSession",
    tag: "Orders",
    summary: "Read who is signed in",
    description: "For pages that are the same for everyone. Answers also without a sign-in.",
    answers: { 200: { description: "The buyer, or nobody.", body: system.buyerSession } },
    errors: ["rate_limited"],
  },
  "POST /api/login": {
    id: "demoLogin",
    tag: "Orders",
    summary: "Sign in to a demo",
    description: 'Only with `DEMO_LOGIN="true"`, which is for local instances. Else 404.',
    body: { name: "LoginRequest", schema: loginSchema, example: { user: "alice" } },
    answers: {
      200: { description: "A token, also as cookie.", body: system.token, headers: ["Set-Cookie"] },
    },
    errors: ["not_found", "forbidden", "rate_limited"],
  },
};

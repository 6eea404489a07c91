// What the backend of a shop, its payment provider, and its monitoring call.
import * as z from "zod";
import { reportSchema } from "../../orders/payment-result.ts";
import * as orders from "../answers/orders.ts";
import { reportKeys } from "../answers/sale-reports.ts";
import * as system from "../answers/system.ts";
import { ORDER_ID } from "../examples.ts";
import type { Operations } from "../operation.ts";

const received = z.strictObject({ received: z.literal(true) }).meta({ id: "Received" });

const stripeEvent = z
  .looseObject({ id: z.string(), type: z.string() })
  .meta({ id: "StripeEvent", description: "An event as Stripe sends it." });

export const shopOperations: Operations = {
  "POST /api/merchant/orders/{orderId}/payment-result": {
    id: "reportPayment",
    tag: "Shop",
    summary: "Report what became of a payment in your own checkout",
    description: 'With `PAYMENTS="external"`. Repeating a report changes nothing.',
    security: ["standardWebhooks"],
    parameters: ["orderId"],
    body: {
      name: "PaymentResult",
      schema: reportSchema,
      example: {
        orderId: ORDER_ID,
        outcome: "charged",
        reference: "pay_81f3",
        amount: { amount: 12000, currency: "USD" },
      },
    },
    answers: { 200: { description: "The order now.", body: orders.paymentReported } },
    errors: ["not_found", "order_not_payable", "payment_mismatch", "overloaded"],
  },
  "POST /api/webhooks/stripe": {
    id: "receiveStripeEvent",
    tag: "Shop",
    summary: "Receive an event of Stripe",
    description:
      'With `PAYMENTS="stripe"`. Stripe repeats an event that gets another answer than 200.',
    security: ["stripeSignature"],
    body: { schema: stripeEvent },
    answers: {
      200: { description: "The event was recorded, or is about nothing here.", body: received },
    },
    errors: ["not_found"],
  },
  "GET /api/report-keys": {
    id: "getReportKeys",
    tag: "Shop",
    summary: "Read the public keys of the reports of sales",
    description: "Whoever is shown a signed report can check it with them.",
    answers: {
      200: {
        description: "The keys.",
        body: reportKeys,
        mediaType: "application/jwk-set+json",
        headers: ["Access-Control-Allow-Origin"],
      },
    },
  },
};

export const healthOperations: Operations = {
  "GET /healthz": {
    id: "getHealth",
    tag: "Health",
    summary: "Ask whether the Worker runs",
    answers: { 200: { description: "It runs.", body: system.alive } },
  },
  "GET /readyz": {
    id: "getReadiness",
    tag: "Health",
    summary: "Ask whether a purchase would succeed",
    description: "Uses each dependency as a purchase does, at most four times a second.",
    answers: {
      200: { description: "Ready.", body: system.readiness },
      503: {
        description: "Not ready, or not known yet.",
        body: system.readiness,
        headers: ["Retry-After"],
      },
    },
  },
  "GET /openapi.json": {
    id: "getOpenApi",
    tag: "Health",
    summary: "Read this document",
    answers: {
      200: {
        description: "OpenAPI 3.1.",
        body: z.looseObject({ openapi: z.string() }),
        headers: ["ETag", "Access-Control-Allow-Origin"],
      },
      304: { description: "The document has not changed.", headers: ["ETag"] },
    },
    parameters: ["ifNoneMatch"],
  },
};

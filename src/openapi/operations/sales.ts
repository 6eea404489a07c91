// What operators call about sales: documents, the line, figures, and reports.
import * as z from "zod";
import { previewLinkSchema } from "../../admin/preview-links.ts";
import { rehearsalGrantSchema } from "../../admin/rehearsal-grants.ts";
import { takeBackSchema } from "../../admin/report/take-back.ts";
import { lineChangeSchema } from "../../admission/client.ts";
import { MAX_SKUS, skuSchema } from "../../catalog/items.ts";
import { saleSchema } from "../../catalog/schema.ts";
import { pauseSchema, resumeSchema } from "../../catalog/switch-schema.ts";
import * as catalog from "../answers/catalog.ts";
import { switchesChanged } from "../answers/controls.ts";
import { figures } from "../answers/figures.ts";
import * as reports from "../answers/sale-reports.ts";
import { OPERATOR, type Operations } from "../operation.ts";

const shared = { tag: "Sales", security: OPERATOR } as const;

const SALE = {
  id: "spring-drop",
  title: "Spring drop",
  opensAt: "2026-12-01T09:00:00Z",
  closesAt: "2026-12-01T12:00:00Z",
  skus: [
    {
      id: "runner-42",
      name: "Runner 42",
      unitPrice: { amount: 12000, currency: "USD" },
      stock: 20,
    },
  ],
};

const ignored = "Ignored, so that an answer can be sent back as it is.";

const saleDocument = z
  .strictObject({
    ...saleSchema.shape,
    skus: z
      .array(
        skuSchema
          .extend({ stocked: z.int().optional().describe(ignored) })
          .meta({ id: "SkuDocument" }),
      )
      .min(1)
      .max(MAX_SKUS),
    url: z.string().optional().describe(ignored),
    warnings: z.array(catalog.issue).optional().describe(ignored),
  })
  .meta({
    id: "SaleDocument",
    description: "A sale as operators write it. Absent fields get their defaults.",
  });

const CSV = (description: string) => ({
  description,
  body: { mediaType: "text/csv", description },
  headers: ["Content-Disposition"] as const,
});

export const saleOperations: Operations = {
  "GET /api/admin/sales": {
    ...shared,
    id: "listSalesOfOperator",
    summary: "List all sales, by id",
    parameters: ["cursor"],
    answers: { 200: { description: "A page of sales.", body: catalog.saleViewList } },
    errors: ["invalid_request"],
  },
  "GET /api/admin/sales/{saleId}": {
    ...shared,
    id: "getSaleOfOperator",
    summary: "Read a sale with its settings and stock",
    parameters: ["saleId", "ifMatch", "ifNoneMatch"],
    answers: {
      200: { description: "The sale.", body: catalog.saleView, headers: ["ETag"] },
      304: { description: "The sale has not changed.", headers: ["ETag"] },
    },
    errors: ["not_found", "invalid_request", "precondition_failed"],
  },
  "PUT /api/admin/sales/{saleId}": {
    ...shared,
    id: "saveSale",
    summary: "Create or replace a sale",
    description:
      "Send the whole document. An answer of this route can be sent back as it is: `url`, `warnings` and `stocked` are ignored.",
    parameters: ["saleId", "ifMatch", "ifNoneMatch", "changeReason"],
    body: { schema: saleDocument, example: SALE },
    answers: {
      200: { description: "The sale was replaced.", body: catalog.saleView, headers: ["ETag"] },
      201: { description: "The sale was created.", body: catalog.saleView, headers: ["ETag"] },
    },
    errors: ["stock_below_committed", "overloaded"],
  },
  "DELETE /api/admin/sales/{saleId}": {
    ...shared,
    id: "deleteSale",
    summary: "Delete a sale",
    description: "Its orders stay.",
    parameters: ["saleId", "ifMatch", "ifNoneMatch", "changeReason"],
    answers: { 204: { description: "The sale was deleted." } },
    errors: ["not_found", "invalid_request", "overloaded"],
  },
  "POST /api/admin/sales/{saleId}/pause": {
    ...shared,
    id: "pauseSale",
    summary: "Pause a sale",
    description: "It takes no orders, its holds run on, and paying works.",
    parameters: ["saleId", "ifMatch", "ifNoneMatch", "preview"],
    body: { name: "PauseRequest", schema: pauseSchema },
    answers: {
      200: { description: "The switches now.", body: switchesChanged, headers: ["ETag"] },
    },
    errors: ["not_found"],
  },
  "POST /api/admin/sales/{saleId}/resume": {
    ...shared,
    id: "resumeSale",
    summary: "End the pause of a sale",
    parameters: ["saleId", "ifMatch", "ifNoneMatch", "preview"],
    body: { name: "ResumeRequest", schema: resumeSchema },
    answers: {
      200: { description: "The switches now.", body: switchesChanged, headers: ["ETag"] },
    },
    errors: ["not_found"],
  },
  "GET /api/admin/sales/{saleId}/line": {
    ...shared,
    id: "getLineOfOperator",
    summary: "Read the line of a sale",
    description:
      "`noShows`: admitted, and no order within a minute. `overshoot`: admitted when nothing was left.",
    parameters: ["saleId"],
    answers: { 200: { description: "The line.", body: reports.lineReport } },
    errors: ["not_found"],
  },
  "PUT /api/admin/sales/{saleId}/line": {
    ...shared,
    id: "changeLine",
    summary: "Change the rate of a line, pause it, or tell those who wait",
    description:
      "Changes any of the three at once. A rate that the sale's document sets later replaces this one. Once registration has " +
      "closed, the sale's `mode` and `registrationClosesAt` cannot change, except to `open`.",
    parameters: ["saleId", "changeReason"],
    body: { name: "LineChange", schema: lineChangeSchema, example: { ratePerSecond: 20 } },
    answers: { 200: { description: "The line.", body: reports.lineReport } },
    errors: ["not_found"],
  },
  "GET /api/admin/sales/{saleId}/figures": {
    ...shared,
    id: "getFigures",
    summary: "Read the figures of a sale as they are now",
    parameters: ["saleId"],
    answers: { 200: { description: "The figures.", body: figures } },
    errors: ["not_found"],
  },
  "GET /api/admin/sales/{saleId}/preflight": {
    ...shared,
    id: "getPreflight",
    summary: "Try everything that a sale depends on",
    description:
      "Run it an hour before a sale, and minutes before it opens. It wakes the objects, fills the caches, sends a message " +
      "that concerns no order through the queue, a signed `webhook.test` to the shop, and a test to the receiver of alerts. A " +
      "check that fails or hangs never stops the others. With `expected` people it also compares the crowd with the limits, " +
      "as if half of them pressed Buy within ten seconds, and estimates the bill.",
    parameters: ["saleId", "expected"],
    answers: { 200: { description: "What works, and what to do.", body: reports.preflight } },
    errors: ["not_found", "invalid_request"],
  },
  "POST /api/admin/sales/{saleId}/preview-links": {
    ...shared,
    id: "makePreviewLink",
    summary: "Make a link to the preview of a sale",
    description:
      "Whoever has it sees the page in every state until it expires, and can buy nothing. Treat it as a secret: nothing stores it, and " +
      "it cannot be taken back.",
    parameters: ["saleId"],
    body: {
      name: "PreviewLinkRequest",
      schema: previewLinkSchema,
      example: { validSeconds: 86_400 },
    },
    answers: { 201: { description: "The link.", body: catalog.previewLink } },
    errors: ["not_found"],
  },
  "POST /api/admin/sales/{saleId}/rehearsal-grants": {
    ...shared,
    id: "grantRehearsal",
    summary: "Get the key that signs synthetic people of a rehearsal",
    description:
      "Only for a sale that was made as a rehearsal and is not over. Whoever has the grant can act as any number of synthetic " +
      "people, in this sale only, for an hour at most. There are ten an hour. `npm run rehearse` uses it. Treat it as a " +
      "secret: nothing stores it, and the log has its `id` alone.",
    parameters: ["saleId", "changeReason"],
    body: {
      name: "RehearsalGrantRequest",
      schema: rehearsalGrantSchema,
      example: { validSeconds: 600 },
    },
    answers: { 201: { description: "The grant.", body: catalog.rehearsalGrant } },
    errors: ["not_found", "sale_closed", "rate_limited"],
  },
  "GET /api/admin/sales/{saleId}/audit": {
    ...shared,
    id: "getReport",
    summary: "Read the signed report of a sale",
    description:
      "Recounted from the ledgers, order by order. Until the sale is over and its orders are settled, some statements are " +
      "`unknown`. `jws` is a compact JWS (EdDSA) over the JSON of `report`; `/api/report-keys` has the keys. A deleted sale has " +
      "no report.",
    parameters: ["saleId"],
    answers: { 200: { description: "The report and its proof.", body: reports.signedReport } },
    errors: ["not_found"],
  },
  "GET /api/admin/sales/{saleId}/audit.csv": {
    ...shared,
    id: "exportReport",
    summary: "Export the report of a sale",
    parameters: ["saleId"],
    answers: { 200: CSV("One value in each record: `part,item,figure,value`.") },
    errors: ["not_found"],
  },
  "POST /api/admin/sales/{saleId}/audit/take-back": {
    ...shared,
    id: "takeBackOrders",
    summary: "Cancel or refund suspicious orders",
    description:
      "At most 50 orders at once. Reserved ones are cancelled, confirmed ones refunded. Repeat the request with the same key " +
      "while some are `left`: no order is refunded twice.",
    parameters: ["saleId", "idempotencyKey"],
    body: { name: "TakeBackRequest", schema: takeBackSchema },
    answers: { 200: { description: "What became of each order.", body: reports.takenBack } },
    errors: ["not_found", "idempotency_key_required", "overloaded"],
  },
};

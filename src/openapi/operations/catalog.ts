// What pages and apps of buyers call about sales: the catalog, and the line.
import { ticketBodySchema } from "../../funnel/tickets.ts";
import * as catalog from "../answers/catalog.ts";
import * as system from "../answers/system.ts";
import { BUYER, type Operations } from "../operation.ts";

const SHARED = ["Access-Control-Allow-Origin"] as const;
const CACHED = [...SHARED, "Cloudflare-CDN-Cache-Control", "Cache-Tag"] as const;

export const catalogOperations: Operations = {
  "GET /api/sales": {
    id: "listSales",
    tag: "Catalog",
    summary: "List sales",
    description: "50 on a page. Unlisted sales are not in it.",
    parameters: ["cursor"],
    answers: { 200: { description: "A page of sales.", body: catalog.saleList, headers: CACHED } },
    errors: ["invalid_request"],
  },
  "GET /api/sales/{saleId}": {
    id: "getSale",
    tag: "Catalog",
    summary: "Read a sale",
    parameters: ["saleId"],
    answers: { 200: { description: "The sale.", body: catalog.sale, headers: CACHED } },
    errors: ["not_found"],
  },
  "GET /api/sales/{saleId}/live": {
    id: "getLive",
    tag: "Catalog",
    summary: "Read the live stock of a sale",
    description: "One answer a second, the same for everyone, so that a cache can serve it.",
    parameters: ["saleId"],
    answers: { 200: { description: "The stock now.", body: catalog.live, headers: SHARED } },
    errors: ["not_found"],
  },
  "GET /api/time": {
    id: "getTime",
    tag: "Catalog",
    summary: "Read the server's clock",
    description: "For countdowns: the clocks of devices differ.",
    answers: { 200: { description: "The time.", body: system.now, headers: SHARED } },
  },
  "POST /api/sales/{saleId}/visits": {
    id: "startVisit",
    tag: "Catalog",
    summary: "Prove that a buyer opened the sale's page",
    description:
      "Send the token with the order, as `Visit-Token`. It lowers the risk of a challenge.",
    parameters: ["saleId"],
    answers: { 201: { description: "A token for four hours.", body: system.token } },
    errors: ["not_found", "rate_limited"],
  },
};

export const lineOperations: Operations = {
  "POST /api/sales/{saleId}/tickets": {
    id: "joinLine",
    tag: "Line",
    summary: "Join the line of a sale, or ask where one stands",
    description:
      "With `ticket`, a ticket from another device keeps its place. With `join: false`, nobody joins: " +
      "403 `ticket_required` if no ticket is shown.",
    security: BUYER,
    parameters: ["saleId", "visitToken", "challengeToken"],
    body: { name: "TicketRequest", schema: ticketBodySchema, isOptional: true },
    answers: {
      200: {
        description: "The ticket, and where it stands.",
        body: catalog.ticket,
        headers: ["Set-Cookie"],
      },
    },
    errors: [
      "not_found",
      "sale_closed",
      "sale_not_open",
      "rate_limited",
      "ticket_required",
      "blocked",
      "challenge_required",
    ],
  },
  "GET /api/sales/{saleId}/line": {
    id: "getLine",
    tag: "Line",
    summary: "Read the line of a sale",
    description: "The same object is `line` in the live answer.",
    parameters: ["saleId"],
    answers: { 200: { description: "The line now.", body: catalog.line, headers: SHARED } },
    errors: ["not_found"],
  },
  "GET /api/sales/{saleId}/draw": {
    id: "getDraw",
    tag: "Line",
    summary: "Read the draw of a sale",
    description:
      "A commitment before registration opens. The seed, the beacon's round, and all moves of the line afterwards: " +
      "anyone can check them.",
    parameters: ["saleId"],
    answers: { 200: { description: "The draw.", body: catalog.draw, headers: SHARED } },
    errors: ["not_found"],
  },
};

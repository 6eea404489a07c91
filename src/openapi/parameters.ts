// The parameters of the API, and the headers of its answers.
import { ORDER_ID } from "./examples.ts";

/** A parameter as the document has it, without its name. */
interface Parameter {
  in: "path" | "query" | "header";
  required?: true;
  description: string;
  schema: object;
  example?: unknown;
}

const text = { type: "string" } as const;
const id = { type: "string", pattern: "^[a-z0-9-]{1,64}$" } as const;

const path = (description: string, schema: object, example: unknown): Parameter => ({
  in: "path",
  required: true,
  description,
  schema,
  example,
});
const query = (description: string, schema: object = text): Parameter => ({
  in: "query",
  description,
  schema,
});
const header = (description: string, schema: object = text): Parameter => ({
  in: "header",
  description,
  schema,
});

const CURSOR = "The cursor of a page, from the page before it.";

export const PARAMETERS = {
  saleId: path("The id of a sale.", id, "spring-drop"),
  skuId: path("The id of a SKU.", id, "runner-42"),
  orderId: path("The id of an order. Opaque.", text, ORDER_ID),
  letterId: path("The id of a dead letter, or `all` to replay all.", text, "all"),
  kind: path("The kind of a rule.", { enum: ["ip", "user", "asn", "country"] }, "country"),
  value: path("An address or network, a user id, an ASN, or a country code.", text, "NZ"),
  valueInQuery: query("The same as the last part of the path, for values that a path cannot have."),
  cursor: query(CURSOR),
  user: query("The id of a user."),
  number: query("The short number of an order, such as `K7QF-2M9X`."),
  skuInQuery: query("The only SKU to look in.", id),
  sale: { ...query("The id of a sale.", id), required: true },
  target: query("Only entries about it, such as `sale/spring-drop`."),
  from: query("The first time, within the last 31 days. Default: five minutes ago.", {
    type: "string",
    format: "date-time",
  }),
  step: query("The seconds of a step: a multiple of 5, from 60 on of 60.", { type: "integer" }),
  expected: query(
    "How many people you expect. Without it, capacity is not checked and the cost is not estimated.",
    {
      type: "integer",
      minimum: 1,
    },
  ),
  events: query("Whether to send the shop an event for every order that has one.", {
    type: "boolean",
  }),
  preview: query("Only say what the change would do.", { type: "boolean" }),
  after: query("The last order id of the page before."),
  idempotencyKey: {
    ...header(
      "Names this attempt: 1 to 64 of `[A-Za-z0-9_-]`, bare or as a quoted string. Send the same key again after a lost " +
        "answer: it gets the answer of the first one.",
      { type: "string", pattern: '^(?:[A-Za-z0-9_-]{1,64}|"[A-Za-z0-9_-]{1,64}")$' },
    ),
    required: true,
    example: "4b1c2f7e-93d0-4c57-a2a5-1f0e6f2f6c11",
  },
  idempotencyRetry: header(
    "Set it when a key is sent again: the order is then looked up where it would be refused at once. It never makes an order.",
    { enum: ["true"] },
  ),
  visitToken: header("The token of a visit, as proof that the buyer opened the sale's page."),
  challengeToken: header("The token of a solved challenge, after `challenge_required`."),
  ifMatch: header("Only change this version: an entity tag from an earlier answer, or `*`."),
  ifNoneMatch: header("`*`: only create. With GET, an entity tag: 304 if it is still current."),
  changeReason: header(
    "Why the change is made, for the log: ASCII, other characters percent-encoded.",
  ),
  accept: header("`application/openmetrics-text` for a scraper, else JSON."),
  webhookId: {
    ...header("The same as `id` of the body. It stays the same when the event comes again."),
    required: true,
  },
  webhookTimestamp: { ...header("When it was sent: seconds since 1970."), required: true },
  webhookSignature: {
    ...header(
      "One signature for each secret, by the Standard Webhooks scheme. Verify it before anything else.",
    ),
    required: true,
  },
  upgrade: { ...header("Must be `websocket`.", { enum: ["websocket"] }), required: true },
} satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof PARAMETERS;

/** The names that differ from their keys. */
const WIRE_NAMES: Partial<Record<ParameterName, string>> = {
  letterId: "id",
  valueInQuery: "value",
  idempotencyKey: "Idempotency-Key",
  idempotencyRetry: "Idempotency-Retry",
  visitToken: "Visit-Token",
  challengeToken: "Challenge-Token",
  ifMatch: "If-Match",
  ifNoneMatch: "If-None-Match",
  changeReason: "Change-Reason",
  accept: "Accept",
  webhookId: "webhook-id",
  webhookTimestamp: "webhook-timestamp",
  webhookSignature: "webhook-signature",
  upgrade: "Upgrade",
};

/** The name of a parameter in a request. */
export const wireName = (name: ParameterName): string => WIRE_NAMES[name] ?? name;

/** A header of an answer. `required`: every answer that the document gives it to has it. */
interface Header {
  required?: true;
  description: string;
  schema: object;
}

const required = (description: string, schema: object = text): Header => ({
  required: true,
  description,
  schema,
});
const optional = (description: string, schema: object = text): Header => ({ description, schema });
const seconds = { type: "string", pattern: "^[0-9]+$" };

export const HEADERS = {
  "X-Request-Id": required("Names this request in the log. State it when you report a problem."),
  "Cache-Control": required("Personal answers are never stored."),
  "Retry-After": required("The seconds until another try makes sense.", seconds),
  "RateLimit-Policy": required('The limits: `"user";q=20;w=60` are 20 requests in 60 seconds.'),
  RateLimit: required(
    "What is left of the limit that is closest to its end, and the seconds until it starts anew.",
  ),
  "X-RateLimit-Limit": required("The same limit in the older form.", seconds),
  "X-RateLimit-Remaining": required("What is left of it.", seconds),
  "X-RateLimit-Reset": required("When it starts anew: seconds since 1970.", seconds),
  "Idempotent-Replayed": optional(
    "`true` if this is the stored answer to an earlier request with this key.",
    {
      enum: ["true"],
    },
  ),
  ETag: required("The version, for `If-Match` and `If-None-Match`."),
  Location: required("The address of the order."),
  Allow: required("The methods of this address."),
  "WWW-Authenticate": required("How to authenticate."),
  "Accept-Encoding": optional("`identity`, if the body was compressed."),
  "Set-Cookie": optional("Keeps a token or ticket in the browser."),
  "X-Served-From": required("Where the order was read.", { enum: ["read-model", "ledger"] }),
  "Content-Disposition": required("The name of the file."),
  "Access-Control-Allow-Origin": required("`*`: scripts of any site may read it.", { enum: ["*"] }),
  "Cloudflare-CDN-Cache-Control": optional("For Cloudflare's cache, which removes it."),
  "Cache-Tag": optional("The same: what a purge names."),
  "Server-Timing": optional("The duration, for operators."),
} satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

// All public error codes with their status and title, and the problem+json (RFC 9457) response.
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import "../values/issue-words.ts";
import { completeHeaders } from "./headers.ts";

/** Every error of the API: code → HTTP status and a constant title. */
export const ERRORS = {
  invalid_request: { status: 400, title: "The request is not valid" },
  idempotency_key_required: { status: 400, title: "An Idempotency-Key header is required" },
  unauthenticated: { status: 401, title: "Sign in first" },
  blocked: { status: 403, title: "This caller is blocked" },
  forbidden: { status: 403, title: "Not allowed" },
  challenge_required: { status: 403, title: "A challenge must be solved first" },
  ticket_required: { status: 403, title: "A ticket is required" },
  not_admitted_yet: { status: 403, title: "It is not your turn yet" },
  sale_paused: { status: 403, title: "The sale is paused" },
  sale_not_open: { status: 403, title: "The sale has not opened yet" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  sold_out: { status: 409, title: "Sold out" },
  user_limit_reached: { status: 409, title: "Your limit is reached" },
  price_changed: { status: 409, title: "The price has changed" },
  payment_method_required: { status: 409, title: "Send the payment method with the order" },
  order_not_payable: { status: 409, title: "This order cannot be paid" },
  order_not_cancellable: { status: 409, title: "This order cannot be cancelled" },
  stock_below_committed: { status: 409, title: "More units than this are held or sold already" },
  sale_closed: { status: 410, title: "The sale is over" },
  precondition_failed: { status: 412, title: "A precondition of the request is not met" },
  payload_too_large: { status: 413, title: "The request body is too large" },
  unsupported_media_type: { status: 415, title: "The body is of an unsupported type" },
  misdirected_request: { status: 421, title: "The request was sent to the wrong host" },
  idempotency_key_reused: {
    status: 422,
    title: "This Idempotency-Key was used for another request",
  },
  payment_mismatch: { status: 422, title: "The amount or currency is not the order's" },
  rate_limited: { status: 429, title: "Too many requests" },
  overloaded: { status: 503, title: "Too busy right now" },
  unavailable: { status: 503, title: "Temporarily unavailable" },
} as const satisfies Record<string, { status: ContentfulStatusCode; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An invalid value: its JSON path, such as `skus.0.stock`, and what is expected there. */
export interface Issue {
  path: string;
  message: string;
}

/** Reasons that buyers meet and that no code says. */
export const BECAUSE = [
  "unpaid",
  "payHere",
  "payElsewhere",
  "manyPayments",
  "methodUsed",
  "noPayments",
  "listOff",
] as const;

/** Fields of a problem beyond the standard ones. */
export interface ProblemFields {
  detail?: string;
  /** Says for the pages, which have several languages, what `detail` says in English. */
  because?: (typeof BECAUSE)[number];
  /** The operator's switch that stops orders. */
  stop?: { cause: "closed" | "sale" | "orders" | "payments"; notice?: string };
  retryAfterSeconds?: number;
  opensAt?: string;
  closesAt?: string;
  limit?: number;
  available?: number;
  /** For a sold-out SKU: units whose buyers may still fail to pay. */
  held?: number;
  orderIds?: string[];
  /** Which limit per person is reached. */
  scope?: "sku" | "sale";
  /** The current unit price. */
  unitPrice?: { amount: number; currency: string };
  issues?: Issue[];
  /** The parameters of the required challenge. */
  challenge?: { provider: "turnstile"; siteKey: string; action: string; cdata: string };
}

/** A refusal as a value, returned instead of thrown. */
export interface Refusal extends ProblemFields {
  reason: ErrorCode;
  /** Extra response headers, for HTML too. Must be a constant, because prepared headers are cached by it. */
  headers?: OwnHeaders;
}

/** Creates a refusal: `refuse("sold_out", { available: 0 })`. */
export function refuse(reason: ErrorCode, fields: Omit<Refusal, "reason"> = {}): Refusal {
  return { reason, ...fields };
}

type OwnHeaders = Readonly<Record<string, string>>;

/** How to authenticate (RFC 6750). `error` is set if a token was sent and is invalid. */
const bearer = (error = ""): OwnHeaders => ({
  "WWW-Authenticate": `Bearer realm="doorbuster"${error}`,
});
const NO_TOKEN = bearer();
export const INVALID_TOKEN = bearer(', error="invalid_token"');
const NONE: OwnHeaders = {};

/** The extra headers of a refusal. Every 401 has to state how to authenticate (RFC 9110). */
export const headersOf = ({ reason, headers }: Refusal): OwnHeaders =>
  headers ?? (reason === "unauthenticated" ? NO_TOKEN : NONE);

const prepared = new WeakMap<object, Headers>();

/** All headers of a problem. Cached, because building them costs more than the rest of a refusal. */
function problemHeaders(own: OwnHeaders): Headers {
  let headers = prepared.get(own);
  if (!headers) {
    headers = completeHeaders({ "Content-Type": "application/problem+json", ...own });
    prepared.set(own, headers);
  }
  return headers;
}

const FOR_NOW: ReadonlySet<ErrorCode> = new Set(["not_admitted_yet", "sale_paused"]);

/** Whether a refusal always has a Retry-After (seconds). */
export const isForNow = (reason: ErrorCode): boolean =>
  ERRORS[reason].status === 429 || ERRORS[reason].status === 503 || FOR_NOW.has(reason);

/** The problem+json response of a refusal. */
export function problem(c: Context, refusal: Refusal): Response {
  const { reason, headers: _, ...fields } = refusal;
  const { status, title } = ERRORS[reason];
  if (isForNow(reason)) fields.retryAfterSeconds ??= 1;
  const body = {
    type: `urn:doorbuster:problem:${reason}`,
    title,
    status,
    code: reason,
    detail: fields.detail ?? title,
    ...fields,
    requestId: c.get("requestId"),
  };
  const headers = problemHeaders(headersOf(refusal));
  const answer = new Response(JSON.stringify(body), { status, headers });
  if (fields.retryAfterSeconds !== undefined) {
    answer.headers.set("Retry-After", String(fields.retryAfterSeconds));
  }
  return answer;
}

/** Converts zod's issues to the `issues` of an `invalid_request`. */
export function toIssues(error: { issues: { path: PropertyKey[]; message: string }[] }): Issue[] {
  return error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.map(String).join("."),
    message,
  }));
}

/** A hostile body can be invalid in thousands of places. The first few are enough to fix it. */
const MAX_ISSUES = 20;

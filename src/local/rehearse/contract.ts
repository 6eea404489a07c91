// The HTTP contract as a findBreaches reads it, written down independently of the Worker's own error table:
// which answers exist, what each must carry, and which are possible for which kind of request.
import type { Answer } from "../client.ts";

const STATUS_OF_CODE: Record<string, number> = {
  invalid_request: 400,
  idempotency_key_required: 400,
  unauthenticated: 401,
  blocked: 403,
  forbidden: 403,
  challenge_required: 403,
  ticket_required: 403,
  not_admitted_yet: 403,
  sale_not_open: 403,
  sale_paused: 403,
  not_found: 404,
  method_not_allowed: 405,
  sold_out: 409,
  user_limit_reached: 409,
  price_changed: 409,
  payment_method_required: 409,
  stock_below_committed: 409,
  order_not_payable: 409,
  order_not_cancellable: 409,
  sale_closed: 410,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  idempotency_key_reused: 422,
  payment_mismatch: 422,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
};

/** Temporary refusals. Any request may get one; the client retries. */
const RETRYABLE = ["rate_limited", "overloaded", "unavailable"];

const ORDER_ANSWERS = ["202", "sold_out", "user_limit_reached", "payment_method_required"];

/** Expected answers by kind of request: the error code, or the status of answers without one. */
const EXPECTED = {
  page: ["200"],
  visit: ["201"],
  login: ["200"],
  live: ["200"],
  buy: ORDER_ANSWERS,
  "buy, same key": ORDER_ANSWERS,
  "buy, new key": ORDER_ANSWERS,
  "buy, changed body": ["idempotency_key_reused", "sold_out", "user_limit_reached"],
  "buy (waves)": ORDER_ANSWERS,
  "buy (open-close)": ["202", "sale_not_open", "sale_closed"],
  "buy (edits)": [...ORDER_ANSWERS, "price_changed", "sale_closed"],
  "buy (contested-holds)": ["202"],
  "buy (refunds)": ["202", "sold_out", "user_limit_reached"],
  "buy (paid-drop)": ["202"],
  "buy (sale limit)": ["202", "user_limit_reached"],
  "buy (line)": [...ORDER_ANSWERS, "not_admitted_yet"],
  "buy without a turn": ["ticket_required", "sold_out"],
  ticket: ["200"],
  line: ["200"],
  draw: ["200"],
  pay: ["202", "order_not_payable"],
  cancel: ["200", "order_not_cancellable"],
  "read own order": ["200"],
  "read payment": ["200"],
  "read other's order": ["not_found"],
  "list orders": ["200"],
  "admin change": ["200"],
  refund: ["202"],
} satisfies Record<string, string[]>;

export type RequestKind = keyof typeof EXPECTED | "malformed" | `bot: ${string}`;

/** Expected answers to this kind of request; empty if they depend on the request. */
export function expectedFor(kind: RequestKind): string[] {
  return kind in EXPECTED ? EXPECTED[kind as keyof typeof EXPECTED] : [];
}

/** The answer's error code, or its status if it has none. */
export function outcome(answer: Answer): string {
  return codeOf(answer) ?? String(answer.status);
}

/** Whether the answer is a 429 or 503, which decide nothing. Any other answer is conclusive. */
export function isRetryable(answer: Answer): boolean {
  return answer.status === 429 || answer.status === 503;
}

/** The answer's Retry-After in seconds; 1 if absent. */
export function retryAfterSeconds(answer: Answer): number {
  return Number(answer.headers.get("retry-after") ?? 1) || 1;
}

/** Breaches of the contract in one answer. `expected` lists codes or statuses, as in `EXPECTED`. */
export function findBreaches(kind: RequestKind, answer: Answer, expected: string[]): string[] {
  const breaches = [
    ...headerBreaches(kind, answer),
    ...(answer.status >= 400 ? problemBreaches(answer) : []),
  ];
  if (![...expected, ...RETRYABLE].includes(outcome(answer))) {
    breaches.push(`unexpected answer (expected: ${expected.join(", ")})`);
  }
  return breaches.map((breach) => `${kind}: ${answer.status} ${codeOf(answer) ?? ""}: ${breach}`);
}

function headerBreaches(kind: RequestKind, { status, headers }: Answer): string[] {
  const breaches: string[] = [];
  const cacheControl = headers.get("cache-control");
  if (!headers.get("x-request-id")) {
    breaches.push("no X-Request-Id");
  }
  if (cacheControl === null) {
    breaches.push("no Cache-Control");
  } else if (!SHARED.has(kind) && !cacheControl.includes("no-store")) {
    breaches.push(`private answer with Cache-Control "${cacheControl}"`);
  } else if (SHARED.has(kind) && headers.has("set-cookie")) {
    breaches.push("shared answer sets a cookie");
  }
  if ((status === 429 || status === 503) && !/^\d+$/.test(headers.get("retry-after") ?? "")) {
    breaches.push("no Retry-After in seconds");
  }
  if (isRateLimited(kind)) {
    breaches.push(
      ...RATE_LIMIT_HEADERS.filter((name) => !headers.has(name)).map((name) => `no ${name}`),
    );
  }
  return breaches;
}

/** Answers that are the same for every caller. */
const SHARED = new Set<RequestKind>(["page", "live", "line", "draw"]);

/** Requests to the rate-limited order route, where every answer states the remaining quota. */
const isRateLimited = (kind: RequestKind) => /^(bot: |buy\b)/.test(kind);
const RATE_LIMIT_HEADERS = [
  "RateLimit-Policy",
  "RateLimit",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
];

function problemBreaches(answer: Answer): string[] {
  const type = answer.headers.get("content-type") ?? "none";
  if (!type.startsWith("application/problem+json")) {
    return [`Content-Type is ${type}, not application/problem+json`];
  }
  const problem = answer.body as Record<string, unknown>;
  const missing = ["type", "title", "status", "code", "detail", "requestId"].filter(
    (name) => problem[name] === undefined,
  );
  const breaches = missing.map((name) => `problem without "${name}"`);
  const code = codeOf(answer) ?? "";
  if (STATUS_OF_CODE[code] !== answer.status || problem.status !== answer.status) {
    breaches.push(`code "${code}" does not match the status`);
  }
  if (problem.requestId !== answer.headers.get("x-request-id")) {
    breaches.push("requestId differs from X-Request-Id");
  }
  return breaches;
}

function codeOf({ body }: Answer): string | undefined {
  const code = typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
  return typeof code === "string" ? code : undefined;
}

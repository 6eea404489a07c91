// The HTTP contract as a judge reads it, written down independently of the Worker's own error table:
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

/** Not an answer to the question: come back later. Any request may get one. */
const LATER = ["rate_limited", "overloaded", "unavailable"];

const FROM_STOCK = ["202", "sold_out", "user_limit_reached", "payment_method_required"];

/** What each kind of request may be told. A code, or a status where there is no code. */
const POSSIBLE = {
  page: ["200"],
  visit: ["201"],
  login: ["200"],
  live: ["200"],
  buy: FROM_STOCK,
  "same key": FROM_STOCK,
  "other key": FROM_STOCK,
  "buy (waves)": FROM_STOCK,
  "buy (doors)": ["202", "sale_not_open", "sale_closed"],
  "buy (edits)": [...FROM_STOCK, "price_changed", "sale_closed"],
  "buy (holds)": ["202"],
  "other body": ["idempotency_key_reused", "sold_out", "user_limit_reached"],
  pay: ["202", "order_not_payable"],
  "give back": ["200", "order_not_cancellable"],
  "read order": ["200"],
  "read another's": ["not_found"],
  "list orders": ["200"],
  edit: ["200"],
} satisfies Record<string, string[]>;

export type Kind = keyof typeof POSSIBLE | "rubbish" | `bot: ${string}`;

/** What this kind may be told; nothing where that depends on the single request. */
export function possibleFor(kind: Kind): string[] {
  return kind in POSSIBLE ? POSSIBLE[kind as keyof typeof POSSIBLE] : [];
}

/** The answer in one word: its code, or its status where it has none. */
export function outcome(answer: Answer): string {
  return codeOf(answer) ?? String(answer.status);
}

/** Whether the answer decided something; 429 and 503 only put it off. */
export function isDecided(answer: Answer): boolean {
  return answer.status !== 429 && answer.status !== 503;
}

/** Seconds the answer asks to wait; 1 where it does not say. */
export function retryAfterSeconds(answer: Answer): number {
  return Number(answer.headers.get("retry-after") ?? 1) || 1;
}

/** What is wrong with an answer to a request of this kind; `possible` as in `POSSIBLE`. */
export function judge(kind: Kind, answer: Answer, possible: string[]): string[] {
  const wrong = [
    ...headerFaults(kind, answer),
    ...(answer.status >= 400 ? problemFaults(answer) : []),
  ];
  if (![...possible, ...LATER].includes(outcome(answer))) {
    wrong.push(`is not an answer to this (possible: ${possible.join(", ")})`);
  }
  return wrong.map((fault) => `${kind}: ${answer.status} ${codeOf(answer) ?? ""}: ${fault}`);
}

function headerFaults(kind: Kind, { status, headers }: Answer): string[] {
  const faults: string[] = [];
  const cacheControl = headers.get("cache-control");
  if (!headers.get("x-request-id")) {
    faults.push("no X-Request-Id");
  }
  if (cacheControl === null) {
    faults.push("no Cache-Control");
  } else if (!SHARED.has(kind) && !cacheControl.includes("no-store")) {
    faults.push(`personal, yet Cache-Control is "${cacheControl}"`);
  } else if (SHARED.has(kind) && headers.has("set-cookie")) {
    faults.push("an answer for everybody sets a cookie");
  }
  if ((status === 429 || status === 503) && !/^\d+$/.test(headers.get("retry-after") ?? "")) {
    faults.push("no Retry-After in seconds");
  }
  if (isLimited(kind)) {
    faults.push(...LIMIT_HEADERS.filter((name) => !headers.has(name)).map((name) => `no ${name}`));
  }
  return faults;
}

/** The same answer for everybody. */
const SHARED = new Set<Kind>(["page", "live"]);

/** Requests to the limited route: every answer, refusals included, tells what is left. */
const isLimited = (kind: Kind) =>
  ["buy", "same key", "other key", "other body"].includes(kind) || /^(bot: |buy \()/.test(kind);
const LIMIT_HEADERS = [
  "RateLimit-Policy",
  "RateLimit",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
];

function problemFaults(answer: Answer): string[] {
  const type = answer.headers.get("content-type") ?? "nothing";
  if (!type.startsWith("application/problem+json")) {
    return [`an error as ${type}, not application/problem+json`];
  }
  const problem = answer.body as Record<string, unknown>;
  const missing = ["type", "title", "status", "code", "detail", "requestId"].filter(
    (name) => problem[name] === undefined,
  );
  const faults = missing.map((name) => `problem without "${name}"`);
  const code = codeOf(answer) ?? "";
  if (STATUS_OF_CODE[code] !== answer.status || problem.status !== answer.status) {
    faults.push(`code "${code}" does not go with this status`);
  }
  if (problem.requestId !== answer.headers.get("x-request-id")) {
    faults.push("requestId differs from X-Request-Id");
  }
  return faults;
}

function codeOf({ body }: Answer): string | undefined {
  const code = typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
  return typeof code === "string" ? code : undefined;
}

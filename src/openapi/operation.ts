// The description of one route of the API. Node only: the document is made when the Worker is built.
import type * as z from "zod";
import type { ErrorCode } from "../http/errors.ts";
import type { HeaderName, ParameterName } from "./parameters.ts";
import type { SecurityName } from "./security.ts";

/** The groups of the document, by who calls the routes. */
export type Tag = keyof typeof TAGS;

export const TAGS = {
  Catalog: "Sales and their live stock. For pages and apps of buyers; the same for everyone.",
  Line: "The line of a sale: joining it, and checking that it was honest. For pages and apps of buyers.",
  Orders: "Buying, and a buyer's own orders. For pages and apps of buyers, with the buyer's token.",
  Shop: "For the backend of the shop: reports from its own checkout, and those of its payment provider.",
  Health: "For monitoring.",
  Sales: "For operators: sales, their line, and their reports.",
  Stock: "For operators: the ledgers of SKUs, and single orders.",
  Rules: "For operators: who is blocked, and who never is.",
  System: "For operators: switches, metrics, alerts, the log, dead letters, and the webhook.",
} as const;

/** An answer that succeeds. */
export interface Success {
  description: string;
  /** Absent: no body. */
  body?: z.ZodType | { mediaType: string; description: string };
  /** Media type that `Accept` can ask for instead, as text. */
  alternative?: string;
  /** Media type of a body that has a schema. Default: `application/json`. */
  mediaType?: string;
  headers?: readonly HeaderName[];
  example?: unknown;
}

export interface Body {
  /** The name of the schema. Absent if it has one by itself. */
  name?: string;
  schema: z.ZodType;
  /** Whether the request may have none. */
  isOptional?: boolean;
  example?: unknown;
}

export interface Operation {
  id: string;
  tag: Tag;
  summary: string;
  /** CommonMark. */
  description?: string;
  /** Who may call it: one of them. Absent: everyone. */
  security?: readonly SecurityName[];
  parameters?: readonly ParameterName[];
  body?: Body;
  /** Status → answer. */
  answers: Readonly<Record<number, Success>>;
  /** The error codes beyond those that follow from the rest, see `errorsOf`. */
  errors?: readonly ErrorCode[];
  /** Whether every answer has the headers of the rate limits. */
  isLimited?: boolean;
}

/** `POST /api/skus/{skuId}/orders` → its description. */
export type Operations = Readonly<Record<string, Operation>>;

export const BUYER = ["buyerToken", "buyerSession"] as const;
export const OPERATOR = ["operatorToken", "operatorSession", "accessAssertion"] as const;

const ALWAYS: readonly ErrorCode[] = ["method_not_allowed", "misdirected_request", "unavailable"];
const WITH_BODY: readonly ErrorCode[] = [
  "invalid_request",
  "payload_too_large",
  "unsupported_media_type",
];

const isRead = (key: string): boolean => key.startsWith("GET ");
const isFor = ({ security = [] }: Operation, names: readonly SecurityName[]): boolean =>
  security.some((name) => names.includes(name));

/** All error codes of an operation: its own, and those of its method, body, and callers. */
export function errorsOf(key: string, operation: Operation): ErrorCode[] {
  const { body, errors = [] } = operation;
  const isOperators = isFor(operation, OPERATOR);
  return [
    ...new Set([
      ...ALWAYS,
      ...errors,
      ...(isRead(key) ? [] : (["precondition_failed"] as const)),
      ...(body ? WITH_BODY : []),
      ...(isOperators || isFor(operation, BUYER) ? (["unauthenticated"] as const) : []),
      ...(isOperators ? (["rate_limited"] as const) : []),
      // A viewer changes nothing, and a cookie counts only on requests from this site.
      ...(!isRead(key) && operation.security ? (["forbidden"] as const) : []),
    ]),
  ];
}

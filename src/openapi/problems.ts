// The errors of the API as schemas: one for each code, with the fields that it can have.
import * as z from "zod";
import { BECAUSE, ERRORS, type ErrorCode, isForNow, type ProblemFields } from "../http/errors.ts";
import { issue, stopCause } from "./answers/catalog.ts";
import { count, money, time } from "./answers/common.ts";
import { pascal } from "./answers/orders.ts";

type Field = Exclude<keyof ProblemFields, "detail">;

const challenge = z
  .strictObject({
    provider: z.literal("turnstile"),
    siteKey: z.string(),
    action: z.string(),
    cdata: z.string(),
  })
  .describe("The parameters of the challenge to show.");

const FIELDS: Record<Field, z.ZodType> = {
  retryAfterSeconds: z.number().min(0).describe("The same as `Retry-After`."),
  opensAt: time,
  closesAt: time,
  limit: z.int().describe("The most units for one person."),
  scope: z
    .enum(["sku", "sale"])
    .describe("Whether the limit is that of the SKU or of the whole sale."),
  available: count,
  held: count.describe("Units whose buyers may still fail to pay."),
  orderIds: z.array(z.string()).describe("The orders that count toward the limit of the SKU."),
  unitPrice: money.describe("The current price."),
  issues: z.array(issue),
  challenge,
  because: z.enum(BECAUSE).describe("The reason, for programs that tell buyers in their language."),
  stop: z
    .strictObject({ cause: stopCause, notice: z.string().exactOptional() })
    .describe("The operator's switch that stops orders, and the operator's own words for buyers."),
};

/** The fields of codes that have some. `?`: not always. */
const OF_CODE: Partial<Record<ErrorCode, readonly (Field | `${Field}?`)[]>> = {
  invalid_request: ["issues"],
  challenge_required: ["challenge"],
  sale_not_open: ["opensAt?", "retryAfterSeconds?"],
  sale_closed: ["closesAt?", "stop?"],
  sold_out: ["available?", "held?"],
  user_limit_reached: ["scope", "limit", "orderIds?"],
  price_changed: ["unitPrice"],
  not_admitted_yet: ["opensAt?"],
  stock_below_committed: ["issues?"],
  sale_paused: ["stop?"],
  unavailable: ["stop?", "because?"],
  rate_limited: ["because?"],
  payment_method_required: ["because?"],
  order_not_payable: ["because?"],
};

/** What each code means, beyond its title, and what to do. */
const MEANING: Partial<Record<ErrorCode, string>> = {
  idempotency_key_reused: "The key belongs to a request with another body. Use a new key.",
  not_admitted_yet: "Wait for your turn in the line.",
  payment_method_required:
    "Earlier holds of this buyer ended unpaid, so the payment comes with the order.",
  price_changed: "The price is not the `unitPrice` that was sent. Show the new one, and ask again.",
  sold_out: "No unit was free. With `held` above 0 some may come back.",
  misdirected_request: "The deployment serves another host.",
  precondition_failed: "Somebody changed it since. Read it again.",
};

/** Whether a problem with this code can have a `Retry-After`. */
export const saysWhen = (code: ErrorCode): boolean =>
  isForNow(code) || (OF_CODE[code] ?? []).some((field) => field.startsWith("retryAfterSeconds"));

const schemas = new Map<ErrorCode, z.ZodType>();

/** The name of a code's schema, such as `SoldOutProblem`. */
export const problemName = (code: ErrorCode): string => `${pascal(code)}Problem`;

/** The schema of a problem with this code. */
export function problemOf(code: ErrorCode): z.ZodType {
  const known = schemas.get(code);
  if (known) return known;
  const { status, title } = ERRORS[code];
  const fields = [
    ...(OF_CODE[code] ?? []),
    ...(isForNow(code) ? (["retryAfterSeconds"] as const) : []),
  ];
  const own = fields.map((field) => {
    const name = field.replace("?", "") as Field;
    return [name, name === field ? FIELDS[name] : z.exactOptional(FIELDS[name])] as const;
  });
  const made = z
    .strictObject({
      type: z.literal(`urn:doorbuster:problem:${code}`),
      title: z.literal(title),
      status: z.literal(status),
      code: z.literal(code),
      detail: z.string(),
      ...Object.fromEntries(own),
      requestId: z.string(),
    })
    .meta({ id: problemName(code), description: MEANING[code] ?? title });
  schemas.set(code, made);
  return made;
}

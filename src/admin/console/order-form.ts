// The forms on the page of an order: how a filled-in form becomes a command of the operator's API.
import * as z from "zod";
import type { Issue } from "../../errors.ts";
import { toIssues } from "../../errors.ts";
import { type RefundRequest, refundSchema } from "../refunds.ts";
import { reasonField } from "./form-schema.ts";

const refundForm = z.strictObject({
  action: z.literal("refund"),
  /** The idempotency key, made with the page: a form that is sent twice refunds once. */
  key: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** Units. Empty: all that are left. */
  quantity: z.string().trim().max(10).default(""),
  units: z.enum(["sell", "withdraw"]),
  reason: reasonField,
});

export type RefundForm = z.output<typeof refundForm>;

/** One form of the page of an order, by the button that was pressed. */
export const orderForm = z.discriminatedUnion("action", [
  refundForm,
  z.strictObject({ action: z.literal("release"), reason: reasonField }),
  z.strictObject({ action: z.literal("resend"), reason: reasonField }),
]);

/** The refund that a form asks for, or what is wrong with it. */
export function refundOf({
  quantity,
  units,
  reason,
}: RefundForm): { ok: true; request: RefundRequest } | { ok: false; issues: Issue[] } {
  const parsed = refundSchema.safeParse({
    ...(quantity === "" ? {} : { quantity: Number(quantity) }),
    backOnSale: units === "sell",
    reason,
  });
  return parsed.success
    ? { ok: true, request: parsed.data }
    : { ok: false, issues: toIssues(parsed.error) };
}

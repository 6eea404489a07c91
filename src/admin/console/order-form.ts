// The forms on the page of an order: how a filled-in form becomes a command of the operator's API.
import * as z from "zod";
import { type RefundRequest, refundSchema } from "../refunds.ts";
import { type Asked, commandIn, keyField, numberIn, reasonField } from "./form-schema.ts";

const refundForm = z.strictObject({
  action: z.literal("refund"),
  key: keyField,
  /** Units. Empty: all that are left. 0: only money that a bank returned. */
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
export const refundOf = ({ quantity, units, reason }: RefundForm): Asked<RefundRequest> =>
  commandIn(refundSchema, {
    ...(quantity === "" ? {} : { quantity: numberIn(quantity) }),
    backOnSale: units === "sell",
    reason,
  });

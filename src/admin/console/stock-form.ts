// The console's form for a restock.
import * as z from "zod";
import { idSchema } from "../../catalog/schema.ts";
import { type Issue, toIssues } from "../../errors.ts";
import { restockSchema } from "../sales.ts";
import { reasonField } from "./form-schema.ts";

export const stockForm = z.strictObject({
  skuId: idSchema,
  /** The idempotency key, made with the page: a form that is sent twice restocks once. */
  key: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** Units. Negative: free units are removed. */
  quantity: z.string().trim().min(1, "is required").max(10),
  reason: reasonField,
});

export type StockForm = z.output<typeof stockForm>;

/** The units that a form adds, or what is wrong with them. */
export function unitsOf({
  quantity,
}: StockForm): { ok: true; quantity: number } | { ok: false; issues: Issue[] } {
  const parsed = restockSchema.safeParse({ quantity: Number(quantity) });
  return parsed.success
    ? { ok: true, quantity: parsed.data.quantity }
    : { ok: false, issues: toIssues(parsed.error) };
}

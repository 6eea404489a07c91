// The console's form for a restock.
import * as z from "zod";
import { idSchema } from "../../catalog/schema.ts";
import { restockSchema } from "../sales.ts";
import { type Asked, commandIn, keyField, numberIn, reasonField } from "./form-schema.ts";

export const stockForm = z.strictObject({
  skuId: idSchema,
  key: keyField,
  /** Units. Negative: free units are removed. */
  quantity: z.string().trim().min(1, "is required").max(10),
  reason: reasonField,
});

export type StockForm = z.output<typeof stockForm>;

/** The units that a form adds, or what is wrong with them. */
export const unitsOf = ({ quantity }: StockForm): Asked<{ quantity: number }> =>
  commandIn(restockSchema, { quantity: numberIn(quantity) });

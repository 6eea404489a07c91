// Schemas that many answers share.
import * as z from "zod";
import { idSchema } from "../../values/fields.ts";
import { moneySchema } from "../../values/money.ts";

/** ISO 8601, UTC. */
export const time = z.iso.datetime();
export const count = z.int().min(0);
/** Amounts of whole orders can exceed the largest unit price. */
export const money = z
  .strictObject({ amount: z.int(), currency: moneySchema.shape.currency })
  .meta({
    id: "Money",
    description: "An amount in the minor unit that ISO 4217 defines: 1250 USD are $12.50.",
  });
export const saleId = idSchema;
export const skuId = idSchema;

export const breakerState = z.enum(["closed", "half-open", "open"]);

/** A page of a list: `nextCursor` is absent on the last one. */
export const nextCursor = z
  .string()
  .exactOptional()
  .describe("Send it as `cursor` to get the next page. Absent on the last page.");

/** An object whose keys are not known beforehand. */
export const mapOf = <T extends z.ZodType>(value: T) => z.record(z.string(), value);

/** A value that one part of the system knows: null while that part does not answer. */
export const part = <T extends z.ZodType>(value: T) =>
  z.strictObject({ asOf: time, value: value.nullable() });

/** Checks that every value of a type fits a schema whose texts are open to more values than those of the type. */
export const wide =
  <Answer>() =>
  <Schema extends z.ZodType>(schema: Answer extends z.output<Schema> ? Schema : never): Schema =>
    schema;

/** The sale that figures are about. */
export const saleHead = z.strictObject({
  id: saleId,
  title: z.string(),
  opensAt: time,
  closesAt: time,
  state: z.enum(["upcoming", "open", "closed"]),
});

/** `stocked = available + held + sold`. */
export const units = z.strictObject({ stocked: count, available: count, held: count, sold: count });

/** Attempts that were refused, most first. */
export const refusals = z.array(z.strictObject({ stage: z.string(), reason: z.string(), count }));

// What travels through the queue: which order has a version that is not acknowledged yet. It carries no
// state: the consumer asks the ledger, so a late, repeated or reordered message can say nothing false.
import * as z from "zod";

export const orderMessageSchema = z.strictObject({
  v: z.literal(1),
  skuId: z.string().min(1).max(64),
  lane: z.int().min(0),
  userId: z.string().min(1),
  orderId: z.string().min(1),
  version: z.int().min(1),
});

export type OrderMessage = z.output<typeof orderMessageSchema>;

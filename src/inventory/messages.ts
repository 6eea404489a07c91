// What travels through the queue: which order has a version that is not acknowledged yet. It carries no
// state: the consumer asks the ledger, so a late, repeated or reordered message can say nothing false.
import * as z from "zod";

const ref = {
  v: z.literal(1),
  skuId: z.string().min(1).max(64),
  lane: z.int().min(0),
  userId: z.string().min(1),
  orderId: z.string().min(1),
};

export const orderMessageSchema = z.strictObject({ ...ref, version: z.int().min(1) });

/** The same for the shop's news: which order it is owed news of. */
export const eventMessageSchema = z.strictObject({ ...ref, kind: z.literal("news") });

export type OrderMessage = z.output<typeof orderMessageSchema>;
export type EventMessage = z.output<typeof eventMessageSchema>;

// One request of a caller, as it moves through the funnel: each stage adds what it learned or refuses.
import * as z from "zod";
import { type CatalogEntry, moneySchema } from "../catalog/schema.ts";
import type { Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import type { PolicyName } from "./policies.ts";
import type { LimitedRoute } from "./protection.ts";

const MAX_PAYMENT_TOKEN = 255;
const MAX_TICKET = 2_048;

export const orderBodySchema = z.strictObject({
  quantity: z.int().min(1).max(100),
  paymentToken: z.string().min(1).max(MAX_PAYMENT_TOKEN).optional(),
  ticket: z.string().min(1).max(MAX_TICKET).optional(),
  /** The price that the buyer saw. */
  unitPrice: moneySchema.optional(),
});

export const paymentBodySchema = z.strictObject({
  paymentToken: z.string().min(1).max(MAX_PAYMENT_TOKEN),
});

export type OrderBody = z.output<typeof orderBodySchema>;

/** What a caller wants: to buy, to pay for or give back an order, to see their orders. */
export type Route = LimitedRoute | "read";

/** Filled in the order of the stages: what one reads, an earlier one has set. */
export interface Attempt {
  c: AppContext;
  route: Route;
  skuId: string;
  now: number;
  body: OrderBody;
  idempotencyKey: string;
  /** Proof of a page visit. */
  visit?: string | undefined;
  /** Absent while the SKU is in no sale: such an attempt only looks for its order. */
  entry: CatalogEntry;
  /** Absent until somebody is recognised or identified. */
  userId: string;
  /** The id that the order gets if this attempt makes one; set by the limits. */
  orderId: string;
  /** The limit that is closest to its end, once it is known. */
  tightest?: { name: PolicyName; remaining: number; resetSeconds: number };
  /**
   * The refusal that the edge has in mind for somebody who may have an order: from there on the attempt only
   * looks for that order, and gets this answer if there is none.
   */
  pending?: Refusal;
  /** The token of a challenge that was asked for and is still to be verified. */
  solution?: string;
}

/** A stage adds what it learned to the attempt, or refuses it. Its name is what metrics count. */
export interface Stage {
  name: string;
  check(attempt: Attempt): Promise<Refusal | undefined> | Refusal | undefined;
}

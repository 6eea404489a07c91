// A buyer's request as it moves through the funnel, and what a stage is. The types say which stages have run:
// each adds fields, and `Admitted` is made once, at the end.
import * as z from "zod";
import type { LimitedRoute, PolicyName } from "../catalog/protection.ts";
import type { CatalogEntry } from "../catalog/schema.ts";
import type { Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import type { ReserveResult } from "../inventory/buyer-use-cases.ts";
import type { InventoryAnswer } from "../inventory/client.ts";
import { moneySchema } from "../money.ts";

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

/** The intent of a request: to buy, to change an order (pay, cancel), or to read orders. */
export type Route = LimitedRoute | "read";

/** Any request of a buyer. Stages fill in the optional fields. */
export interface Attempt {
  readonly c: AppContext;
  readonly route: Route;
  /** Empty on routes that are not about one SKU. */
  readonly skuId: string;
  /** When the request arrived, in milliseconds. */
  readonly now: number;
  /** Absent while the SKU is in no sale: the attempt then only looks up an order. */
  entry?: CatalogEntry;
  userId?: string;
  /** The limit that is closest to its end, once it has been counted. */
  tightest?: { name: PolicyName; remaining: number; resetSeconds: number };
  /**
   * The edge would refuse with this, but the caller may already have an order. From here on the attempt only
   * looks up that order, and gets this refusal if there is none.
   */
  pending?: Refusal;
}

/** The content of an attempt to buy, whether JSON or a form carried it. */
export interface OrderRequest {
  body: OrderBody;
  idempotencyKey: string;
  /** The token of a page visit, from a form. Scripts send it in a header. */
  visit?: string | undefined;
  /** Set when the page of the form is gone: see `Attempt`. */
  pending?: Refusal;
}

/** An attempt whose caller is known. */
export type Identified<A extends Attempt = Attempt> = A & { userId: string };

/** An identified attempt to buy. */
export type Purchase = Identified &
  OrderRequest & {
    /** The id that the order gets if this attempt makes one; set by the limits. */
    orderId?: string;
    /** The token of a solved challenge, still to be verified. */
    solution?: string;
  };

/** An attempt that can make an order: its SKU is on sale, and nothing is pending. */
export type Buying = Purchase & { entry: CatalogEntry };

/** An attempt that passed every stage. */
export type Admitted = Purchase & {
  orderId: string;
  /** Set by a stage that wants the list of buyers if the object is sold out. */
  wantsBuyers?: boolean;
};

/** Learns what the object answered, or why it did not. */
export type Observer = (answer: InventoryAnswer<ReserveResult>) => void;

/** One check. It adds what it learned to the attempt, or refuses it. */
export interface Stage<A extends Attempt = Attempt> {
  /** Its name in metrics and logs. */
  name: string;
  check(attempt: A): Promise<Refusal | undefined> | Refusal | undefined;
  /** For a stage that learns from the object: runs right before the object is asked. */
  observe?(attempt: Admitted): Observer;
}

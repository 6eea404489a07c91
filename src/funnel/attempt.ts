// A buyer's request as it moves through the funnel, and the interface of a stage. Each stage adds fields to the
// request. The types record which stages have run; only the end of the funnel makes an `Admitted`.
import * as z from "zod";
import type { PublishedLine } from "../admission/public-line.ts";
import type { Rehearsed } from "../admission/rehearsal.ts";
import type { LimitedRoute, PolicyName } from "../catalog/protection.ts";
import { type CatalogEntry, lanedSku } from "../catalog/schema.ts";
import type { Refusal } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import type { ReserveResult } from "../inventory/buyer-use-cases.ts";
import type { InventoryAnswer } from "../inventory/client.ts";
import type { ReserveCommand } from "../inventory/decide-reserve.ts";
import { homesOf } from "../inventory/lanes/lane-of.ts";
import type { OrderAddress } from "../inventory/order-id.ts";
import { moneySchema } from "../values/money.ts";

const MAX_TICKET = 2_048;

/** Providers' tokens are visible ASCII. Anything else could only be declined. */
const paymentTokenSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "use 1 to 255 visible ASCII characters");

export const orderBodySchema = z.strictObject({
  quantity: z.int().min(1).max(100),
  paymentToken: paymentTokenSchema.optional(),
  ticket: z.string().min(1).max(MAX_TICKET).optional(),
  /** The price the buyer saw. */
  unitPrice: moneySchema.optional(),
});

export const paymentBodySchema = z.strictObject({
  paymentToken: paymentTokenSchema,
});

export type OrderBody = z.output<typeof orderBodySchema>;

/** The intent of a request: to buy, to change an order (pay, cancel), or to read orders. */
export type Route = LimitedRoute | "read";

/** A buyer's request. Stages fill in the optional fields. */
export interface Attempt {
  readonly c: AppContext;
  readonly route: Route;
  /** Empty on routes that do not concern one SKU. */
  readonly skuId: string;
  /** When the request arrived, in milliseconds. */
  readonly now: number;
  /** Absent while the SKU is in no sale. The attempt then only looks up an order. */
  entry?: CatalogEntry;
  userId?: string;
  /** The e-mail address in the caller's token, if it has one. Only for receipts. */
  email?: string;
  /** Set if the caller is a synthetic person of a rehearsal. */
  rehearsed?: Rehearsed;
  /** The counted limit with the smallest share left. Set by the limits. */
  tightest?: { name: PolicyName; remaining: number; resetSeconds: number };
  /**
   * The refusal for a caller without an order. Set when the edge would refuse, but the caller may already have an
   * order: the attempt then only looks up that order, and gets this refusal if there is none.
   */
  pending?: Refusal;
  /** Whether a switch stops all orders for the SKU at every edge. Set with `pending`. */
  isStopped?: boolean;
}

/** The objects that may have the caller's orders. The first one knows which of them has. The root, if the SKU is in no sale. */
export function objectsOf({ entry, skuId, userId }: Identified): [OrderAddress, ...OrderAddress[]] {
  const sku = entry?.sale.skus.find(({ id }) => id === skuId);
  const { lanes = 1, former = [] } = entry && sku ? lanedSku(entry, sku) : {};
  const [first, ...others] = homesOf(userId, { lanes, former });
  return [{ skuId, lane: first }, ...others.map((lane) => ({ skuId, lane }))];
}

/** The object that an attempt of the caller goes to. */
export const objectOf = (attempt: Identified): OrderAddress => objectsOf(attempt)[0];

/** The content of an attempt to buy, sent as JSON or as a form. */
export interface OrderRequest {
  body: OrderBody;
  idempotencyKey: string;
  /** The visit token of a form. Scripts send it in a header. */
  visit?: string | undefined;
  /** Set when the form's sale page no longer exists. See `Attempt.pending`. */
  pending?: Refusal;
}

/** An attempt whose caller is identified. */
export type Identified<A extends Attempt = Attempt> = A & { userId: string };

/** An identified attempt to buy. */
export type Purchase = Identified &
  OrderRequest & {
    /** The id of the order, if this attempt makes one. Set by the limits. */
    orderId?: string;
    /** The buyer's ticket and the line, if the sale has one. Set by the admission. */
    turn?: { ticket: string; isChallenged: boolean; published: PublishedLine | undefined };
    /** The units taken from the buyer's allowance, if the sale limits them. Set by the allowance. */
    lease?: ReserveCommand["lease"];
    /** The token of a solved challenge, not verified yet. */
    solution?: string;
  };

/** An attempt that can make an order: its SKU is on sale, and no refusal is pending. */
export type Buying = Purchase & { entry: CatalogEntry };

/** An attempt that passed every stage. */
export type Admitted = Purchase & {
  orderId: string;
  /** Requests the list of buyers with a "sold out" answer. Set by the sold-out stage. */
  wantsBuyers?: boolean;
};

/** Receives the object's answer, or the reason why there is none. */
export type Observer = (answer: InventoryAnswer<ReserveResult>) => void;

/** One check. It adds its findings to the attempt, or refuses it. */
export interface Stage<A extends Attempt = Attempt> {
  /** The stage's name in metrics and logs. */
  name: string;
  check(attempt: A): Promise<Refusal | undefined> | Refusal | undefined;
  /** For a stage that uses the object's answer. Called right before the call of the object. */
  observe?(attempt: Admitted): Observer;
}

// The shapes of the HTTP contract for tools outside the Worker. Most are the Worker's own types, so that
// they cannot drift apart.
import type * as z from "zod";
import type { Sale as StoredSale, saleSchema } from "../catalog/schema.ts";
import type { Order } from "../inventory/order.ts";
import type { LedgerReport } from "../inventory/report.ts";

export type { LiveAnswer } from "../catalog/live.ts";
export type { Order } from "../inventory/order.ts";
export type { Money } from "../money.ts";
export type { OrderList } from "../orders/my-orders.ts";
export type { BankEntry } from "../payments/sandbox-bank.ts";

/** What came back. */
export interface Answer<Body = unknown> {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: Body;
  /** When the request left, by the client's idea of the server's clock: milliseconds since 1970. */
  sentAt: number;
  /** Milliseconds from sending the request to the last byte of its body. */
  ms: number;
}

/** An order as the operator sees it. */
export type LedgerOrder = Order & { userId: string };

/** A sale as operators write it: what is left out has its default. */
export type Sale = z.input<typeof saleSchema>;

/** A sale as the API shows it, defaults included. */
export type ShownSale = StoredSale;
export type Sku = ShownSale["skus"][number];

/** The units of a SKU, and how many orders still await the consumer. */
export type Ledger = Pick<
  LedgerReport,
  "stocked" | "available" | "held" | "sold" | "unacknowledged"
>;

// The types of the HTTP API, for tools outside the Worker. They are imported from the Worker's own source, so
// that the type checker reports any drift.
import type * as z from "zod";
import type { publicSale, SaleView, saleSchema } from "../catalog/schema.ts";
import type { Order } from "../inventory/order.ts";
import type { LedgerReport } from "../inventory/report.ts";
import type { DeadLetter } from "../orders/delivery.ts";
import type { BankEntry } from "../payments/sandbox-bank.ts";

export type { PublicLine } from "../admission/public-line.ts";
export type { LiveAnswer } from "../catalog/live.ts";
export type { SaleView } from "../catalog/schema.ts";
export type { RefundReceipt } from "../inventory/operator-use-cases.ts";
export type { Order } from "../inventory/order.ts";
export type { ShownPayment } from "../orders/buyer.ts";
export type { DeadLetter } from "../orders/delivery.ts";
export type { OrderList } from "../orders/my-orders.ts";
export type { BankEntry } from "../payments/sandbox-bank.ts";
export type { Money } from "../values/money.ts";

/** A response, with its body read. */
export interface Answer<Body = unknown> {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: Body;
  /** When the request was sent, by the client's estimate of the server's clock: milliseconds since 1970. */
  sentAt: number;
  /** Milliseconds from sending the request to the last byte of the response body. */
  ms: number;
}

/** The body of `PUT /api/admin/sales/{saleId}`. Omitted fields get their defaults. */
export type SaleInput = z.input<typeof saleSchema>;

/** A sale in the public API, defaults included. */
export type PublicSale = ReturnType<typeof publicSale>;
export type Sku = PublicSale["skus"][number];

/** The body of `GET /api/sales`: one page. */
export interface SaleList {
  sales: PublicSale[];
  nextCursor?: string;
}

/** The body of `GET /api/admin/sales`: one page. */
export interface AdminSaleList {
  sales: SaleView[];
  nextCursor?: string;
}

/** An order in the operator's API. */
export type LedgerOrder = Order & { userId: string };

/** The body of `GET /api/admin/skus/{skuId}/orders`: one page. */
export interface LedgerOrderList {
  orders: LedgerOrder[];
  cursor?: string;
}

/** The part of `GET /api/admin/skus/{skuId}/ledger` that the tools check: units by state, and the backlog. */
export type Ledger = Pick<
  LedgerReport,
  "stocked" | "available" | "held" | "sold" | "unacknowledged"
>;

/** The body of `GET /api/admin/dead-letters`: one page. */
export interface DeadLetterList {
  deadLetters: DeadLetter[];
  cursor?: string;
}

/** The body of `GET /api/admin/sandbox/payments`: one page, by order id. */
export interface SandboxPayments {
  payments: BankEntry[];
}

/** The body of `POST /api/sales/{saleId}/tickets`. Fields about the line are null while it is not known. */
export interface TicketAnswer {
  ticket: string;
  place: number | null;
  registered: number | null;
  state: "waiting" | "admitted" | "over";
  ahead: number | null;
  etaSeconds: [number, number] | null;
}

/** The body of `POST /api/login` and of `POST /api/sales/{saleId}/visits`. */
export interface TokenBody {
  token: string;
}

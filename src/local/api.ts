// The shapes of the HTTP contract as somebody outside reads them.
import type { ProtectionSettings } from "../funnel/protection.ts";

/** What came back, with the milliseconds from sending the request to the last byte of its body. */
export interface Answer<Body = unknown> {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: Body;
  ms: number;
}

export interface Money {
  amount: number;
  currency: string;
}

export interface Order {
  id: string;
  saleId: string;
  skuId: string;
  quantity: number;
  unitPrice: Money;
  status: "reserved" | "confirmed" | "cancelled" | "expired" | "refunded";
  createdAt: string;
  expiresAt: string;
  version: number;
  payment?: "due" | "charged" | "declined" | "refund_due" | "refunded";
  reason?: string;
}

/** An order as the operator sees it. */
export interface LedgerOrder extends Order {
  userId: string;
}

export interface Sku {
  id: string;
  name: string;
  unitPrice: Money;
  stock: number;
  perUserLimit: number;
  holdSeconds: number;
}

export interface Sale {
  id: string;
  title: string;
  description: string;
  theme?: { accent?: string; seller?: string };
  opensAt: string;
  closesAt: string;
  admission: { mode: string };
  protection?: ProtectionSettings;
  skus: Sku[];
}

/** One order's money, in the books of the sandbox's bank. */
export interface BankEntry extends Money {
  orderId: string;
  state: "tried" | "charged" | "declined" | "voided" | "refunded";
  attempts: number;
  charges: number;
  refunds: number;
}

export interface Ledger {
  stocked: number;
  available: number;
  held: number;
  sold: number;
  unacknowledged: number;
}

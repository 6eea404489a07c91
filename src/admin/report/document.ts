// The report of a sale as a document. Without user ids, addresses and hashes, so that it can be shown to others. Times are
// ISO 8601, UTC. Money is in minor units.
import type { DrawCheck } from "../../admission/verify-draw.ts";
import type { SaleState } from "../../catalog/sale-state.ts";
import type { Sale, Sku } from "../../catalog/schema.ts";
import type { Cluster } from "./find-clusters.ts";
import type { MoneyFacts } from "./money.ts";
import type { SaleLimitFacts } from "./sale-tally.ts";
import type { Counted } from "./tally.ts";
import type { TimelineView } from "./timeline.ts";
import type { TrafficFacts } from "./traffic.ts";

/** A statement about the sale. `unknown`: what was read neither proves nor refutes it, and `detail` says why. */
export interface Check {
  name: "stock" | "limits" | "money" | "draw";
  holds: boolean | "unknown";
  detail: string;
}

/** The facts that the ledger of a SKU states. */
export interface LedgerReading {
  /** The counts of the ledger. Null if it did not answer. */
  ledger: LedgerFacts | null;
  /** The sums of its orders, one by one. Null if they could not be read to the end. */
  counted: Counted | null;
}

/** The facts about one SKU. */
export interface SkuFacts
  extends LedgerReading,
    Pick<Sku, "id" | "name" | "unitPrice" | "perUserLimit"> {}

/** A SKU that the sale had before: its orders remain. */
export interface FormerSkuFacts extends LedgerReading, Pick<Sku, "id"> {}

/** `stocked = available + held + sold`. `withdrawn`: units that refunds took off sale; `stocked` is without them. */
export interface LedgerFacts {
  stocked: number;
  available: number;
  held: number;
  sold: number;
  withdrawn: number;
  /** Whether a unit moved while the orders were read, so that the two counts may differ. */
  isMoving: boolean;
  /** Failed refunds, and payments reported for an order that are not the order's: up to 200 each. */
  refundsFailed: number;
  mismatches: number;
  /** Charges at the shop's own checkout that it must return: up to 200. */
  refundsDue: number;
  /** Orders that the limit of the sale per person has not counted yet. */
  uncounted: number;
}

/** The counts of the time of the sale. */
export interface Traffic extends TrafficFacts {
  from: string;
  to: string;
  /** Counters that did not answer, of eight: their part of every figure is missing. */
  missingShards: number;
  /** Whether the start of the time is more than 31 days ago, so that its counts are deleted. */
  isCut: boolean;
}

/** Orders that may belong together. Empty 30 days after the close, when the traces are deleted. */
export interface Suspicions {
  clusters: Cluster[];
  /** Orders with units that were compared: at most 100,000. */
  compared: number;
  /** Whether there were more. */
  isPartial: boolean;
}

export interface Report {
  version: 1;
  sale: Pick<Sale, "id" | "title" | "opensAt" | "closesAt"> & { state: SaleState };
  generatedAt: string;
  checks: Check[];
  skus: SkuFacts[];
  /** Without those that belong to another sale now. */
  formerSkus: FormerSkuFacts[];
  /** Absent if the sale has no limit per person. */
  saleLimit?: SaleLimitFacts;
  /** Units of orders that are confirmed now, by the time of the order. */
  sold: TimelineView;
  money: MoneyFacts;
  /** The draw, recomputed. Absent if the sale has no line, null if the line did not answer. */
  draw?: DrawCheck[] | null;
  suspicions: Suspicions;
  /** Null once the counts are deleted, 31 days after the sale, and before it starts. */
  traffic: Traffic | null;
}

/** A report with its proof. The payload of the JWS is the JSON of the report. */
export interface SignedReport {
  report: Report;
  jws: string;
}

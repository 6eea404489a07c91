// The load that the benchmark asks a lane's process for, and its answer.
import type { OrderRef } from "../../../inventory/order-id.ts";

export interface Load {
  /** SKUs to sell, one after the other: each until it is sold out, or for `ms`. */
  skuIds: string[];
  /** The number of lanes of each. */
  lanes: number;
  /** Buyers at a time. */
  callers: number;
  ms: number;
}

export interface LoadResult {
  accepted: OrderRef[];
  /** Attempts without an answer, which buyers would see as a 503. */
  failed: number;
  /** How long it took. */
  ms: number;
}

// Collects the orders that the search for clusters compares, within a bounded memory. Pure.
import type { AuditedOrder } from "../../inventory/audit.ts";
import type { Suspicions } from "./document.ts";
import { findClusters, type Suspect } from "./find-clusters.ts";

/** About 30 MB. */
const MAX_SUSPECTS = 100_000;

export class Suspects {
  readonly #max: number;
  readonly #suspects: Suspect[] = [];
  #isPartial = false;

  constructor(max = MAX_SUSPECTS) {
    this.#max = max;
  }

  /** Orders without units, or whose refund is due, are of no interest: there is nothing to take back. */
  add(order: AuditedOrder, skuId: string): void {
    const { orderId, userId, status, payment, units, createdAt, traces } = order;
    const hasUnits = (status === "reserved" || status === "confirmed") && units > 0;
    if (!hasUnits || payment === "refund_due") return;
    if (this.#suspects.length >= this.#max) this.#isPartial = true;
    else this.#suspects.push({ orderId, userId, units, createdAt, traces, skuId });
  }

  view(): Suspicions {
    return {
      clusters: findClusters(this.#suspects),
      compared: this.#suspects.length,
      isPartial: this.#isPartial,
    };
  }
}

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

  /** Orders without units are of no interest: there is nothing to take back. */
  add({ orderId, userId, status, units, createdAt, traces }: AuditedOrder, skuId: string): void {
    const hasUnits = (status === "reserved" || status === "confirmed") && units > 0;
    if (!hasUnits) return;
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

// The gauges of a SKU: its units, and the orders that the consumer has not acknowledged.
import { setGauge } from "../observability/metrics.ts";
import { available } from "./decide-order.ts";
import { nameOf } from "./lanes/escrow.ts";
import type { Ledger } from "./ledger.ts";

/** Sets the gauges of a ledger. */
export function sampleLedger({ setup, stock, index }: Ledger): void {
  if (!setup) return;
  // Each lane has gauges of its own. Readers add up the units (see `unitsIn`).
  const skuId = nameOf(setup);
  const saleId = setup.terms?.saleId ?? "-";
  setGauge("units", available(stock), saleId, skuId, "available");
  setGauge("units", stock.held, saleId, skuId, "held");
  setGauge("units", stock.sold, saleId, skuId, "sold");
  setGauge("holds_paused", index.holdsPaused, saleId, skuId);
  setGauge("outbox_orders", index.unacknowledged.size, skuId);
  let oldest = Number.POSITIVE_INFINITY;
  for (const { changedAt, isForwarded } of index.unacknowledged.values()) {
    // The age of the others is in the series of the payments.
    if (!isForwarded) oldest = Math.min(oldest, changedAt);
  }
  const seconds = Number.isFinite(oldest) ? oldest / 1_000 : 0;
  setGauge("outbox_oldest_timestamp_seconds", seconds, skuId);
}

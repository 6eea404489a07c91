// The facts that the ledger of a SKU states, and whether they changed while its orders were read. Pure.
import type { LedgerReport } from "../../inventory/report.ts";
import type { LedgerFacts } from "./document.ts";

/**
 * @param before the state of the ledger before its orders were read
 * @param now the state afterwards
 * @param withdrawn units that refunds took off sale
 */
export function ledgerFacts(
  before: LedgerReport,
  now: LedgerReport,
  withdrawn: number,
): LedgerFacts {
  const { stocked, available, held, sold } = now;
  return {
    stocked,
    available,
    held,
    sold,
    withdrawn,
    isMoving: isMoving(before, now),
    refundsFailed: now.refundsFailed.length,
    mismatches: now.mismatches.length,
    refundsDue: now.refundsDue.length,
    uncounted: now.uncounted,
  };
}

/** Another buyer takes each unit that comes back to a sold-out SKU: held and sold stay the same, and only the ended orders grow. */
const isMoving = (before: LedgerReport, now: LedgerReport): boolean =>
  before.stocked !== now.stocked ||
  before.held !== now.held ||
  before.sold !== now.sold ||
  Object.entries(now.units).some(([status, units]) => before.units[status] !== units);

// The state of a ledger, as the operator sees it.
import { available } from "./decide-order.ts";
import type { Ledger } from "./ledger.ts";
import type { OrderRef } from "./order-id.ts";
import { isStuck } from "./outbox.ts";
import type { Mismatch } from "./payment-tables.ts";

/** Most orders in each list. */
const MAX_SHOWN = 200;

/** What an object did since it woke, apart from rows. Cloudflare bills these counts. */
interface Activity {
  messagesSent: number;
  calls: number;
}

export interface LedgerReport {
  skuId: string;
  saleId: string | null;
  revision: number;
  stocked: number;
  available: number;
  held: number;
  sold: number;
  units: Record<string, number>;
  unacknowledged: number;
  /** Orders whose units the limit of the sale per person has not counted yet. */
  uncounted: number;
  /** Orders with an event that the shop has not accepted yet. */
  unannounced: number;
  stuck: OrderRef[];
  /** Charges at the shop's own checkout that the shop must return: up to 200. */
  refundsDue: { orderId: string; reference: string }[];
  /** Orders whose refund failed: the money must be returned in another way. */
  refundsFailed: OrderRef[];
  /** Orders with an open dispute. */
  disputed: OrderRef[];
  /** Reports within the last 30 days of payments that are not the order's, newest first: up to 200. */
  mismatches: Mismatch[];
  /** Holds whose clock stands still, because a payment is with us or with the provider. */
  holdsPaused: number;
  /** Since the object woke: what Cloudflare bills. */
  activity: { rowsRead: number; rowsWritten: number; messagesSent: number; calls: number };
}

/** Null if nothing was ever on sale here. */
export function reportOf(ledger: Ledger, activity: Activity, now: number): LedgerReport | null {
  const { setup, stock, rows } = ledger;
  const { index } = ledger;
  const { units, unacknowledged, uncounted, owed, refundsFailed, disputed, holdsPaused } = index;
  if (!setup) return null;
  return {
    skuId: setup.skuId,
    saleId: setup.terms?.saleId ?? null,
    revision: setup.revision,
    ...stock,
    available: available(stock),
    units: { ...units },
    unacknowledged: unacknowledged.size,
    uncounted: uncounted.size,
    unannounced: owed.size,
    stuck: [...unacknowledged.values()]
      .filter((order) => isStuck(order, now))
      .slice(0, MAX_SHOWN)
      .map(({ userId, orderId }) => ({ userId, orderId })),
    refundsDue: ledger.payments.refundsDue(MAX_SHOWN),
    refundsFailed: [...refundsFailed.values()].slice(0, MAX_SHOWN),
    disputed: [...disputed.values()].slice(0, MAX_SHOWN),
    mismatches: ledger.payments.mismatches(MAX_SHOWN, now),
    holdsPaused,
    activity: { ...rows, ...activity },
  };
}

/**
 * The reports of all lanes as one. Units that are free at a lane or on the way are what the others leave of the total.
 *
 * @param reports the root's first
 * @param stocked units of all lanes
 */
export function reportOfLanes(
  reports: [LedgerReport, ...LedgerReport[]],
  stocked: number,
): LedgerReport {
  const sum = (read: (report: LedgerReport) => number) =>
    reports.reduce((total, report) => total + read(report), 0);
  const list = <T>(read: (report: LedgerReport) => T[]) =>
    reports.flatMap(read).slice(0, MAX_SHOWN);
  const [held, sold] = [sum((report) => report.held), sum((report) => report.sold)];
  const statuses = Object.keys(reports[0].units);
  return {
    ...reports[0],
    stocked,
    held,
    sold,
    available: stocked - held - sold,
    units: Object.fromEntries(
      statuses.map((status) => [status, sum(({ units }) => units[status] ?? 0)]),
    ),
    unacknowledged: sum((report) => report.unacknowledged),
    uncounted: sum((report) => report.uncounted),
    unannounced: sum((report) => report.unannounced),
    stuck: list((report) => report.stuck),
    refundsDue: list((report) => report.refundsDue),
    refundsFailed: list((report) => report.refundsFailed),
    disputed: list((report) => report.disputed),
    mismatches: list((report) => report.mismatches),
    holdsPaused: sum((report) => report.holdsPaused),
    activity: {
      rowsRead: sum(({ activity }) => activity.rowsRead),
      rowsWritten: sum(({ activity }) => activity.rowsWritten),
      messagesSent: sum(({ activity }) => activity.messagesSent),
      calls: sum(({ activity }) => activity.calls),
    },
  };
}

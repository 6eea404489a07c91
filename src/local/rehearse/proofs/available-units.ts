// Bounds on the number of available units over time, derived from the orders and the operator's changes.
import type { Answer, LedgerOrder } from "../../client.ts";
import type { Evidence } from "../evidence.ts";
import type { OperatorRefund } from "../scenario.ts";
import { StepFunction, termsOf, toleranceOf } from "./timeline.ts";

/** The period in which an order had its units: from `from` until some moment between the two ends. */
export interface HoldPeriod {
  userId: string;
  units: number;
  from: number;
  earliestEnd: number;
  latestEnd: number;
  /** The units left the stock when the period ended. */
  isWithdrawn?: boolean;
}

const hasReleasedUnits = ({ status }: LedgerOrder): boolean =>
  status === "cancelled" || status === "expired" || status === "refunded";

/** Whether an order ends up with units. */
export const holdsUnits = (order: LedgerOrder): boolean => !hasReleasedUnits(order);

/** Units that an order ends up with. */
export const unitsKept = (order: LedgerOrder): number =>
  holdsUnits(order) ? order.quantity - order.refundedQuantity : 0;

/** The hold periods of every order, in the order of the ledger: one for what remains, and one for each refund. */
export function holdPeriodsOf({ ledgerOrders, orderActions, refunds }: Evidence): HoldPeriod[] {
  const cancellations = Map.groupBy(
    orderActions.filter(({ kind }) => kind === "cancel"),
    ({ id }) => id,
  );
  const refundsOf = Map.groupBy(refunds, ({ id }) => id);
  return ledgerOrders.flatMap((order) => {
    const answers = (cancellations.get(order.id) ?? []).flatMap(({ answer }) => answer ?? []);
    const succeeded = answers.filter(({ status }) => status === 200);
    const returned = (refundsOf.get(order.id) ?? []).map((refund) => refundPeriod(order, refund));
    const left = returned.reduce((sum, { units }) => sum - units, order.quantity);
    const rest = { ...holdPeriodOf(order, succeeded), units: left };
    return left > 0 ? [rest, ...returned] : returned;
  });
}

function refundPeriod({ userId, createdAt }: LedgerOrder, refund: OperatorRefund): HoldPeriod {
  const { quantity: units, backOnSale, sentAt: earliestEnd, returnedAt: latestEnd } = refund;
  const from = Date.parse(createdAt);
  return { userId, units, from, earliestEnd, latestEnd, isWithdrawn: !backOnSale };
}

/** `cancellations`: the answers to successful cancellations of this order. */
function holdPeriodOf(order: LedgerOrder, cancellations: Answer[]): HoldPeriod {
  const { userId, quantity: units, status, unitPrice } = order;
  const from = Date.parse(order.createdAt);
  const holdEnds = Date.parse(order.expiresAt);
  const period = { userId, units, from };
  if (!hasReleasedUnits(order)) {
    // A late payment may have taken a unit again after the hold had ended.
    const isFree = unitPrice.amount === 0;
    return { ...period, earliestEnd: isFree ? Infinity : holdEnds, latestEnd: Infinity };
  }
  const sent = Math.min(...cancellations.map(({ sentAt }) => sentAt));
  const answered = Math.min(...cancellations.map(({ sentAt, ms }) => sentAt + ms));
  // A declined card releases the units at a moment that is not visible from the outside.
  const released = status === "expired" ? holdEnds : cancellations.length > 0 ? sent : from;
  return {
    ...period,
    earliestEnd: Math.min(released, holdEnds),
    latestEnd: Math.min(answered, holdEnds),
  };
}

/** The fewest and the most units that may have been available over time. */
export class AvailableUnits {
  readonly #min: StepFunction;
  readonly #max: StepFunction;

  constructor(evidence: Evidence) {
    const { before, history } = evidence;
    const tolerance = toleranceOf(evidence);
    const stock = history.map((version) => ({ ...version, ...termsOf(evidence, version) }));
    const changes = stock.slice(1).map(({ stock: now, sentAt, answeredAt }, at) => ({
      by: now - (stock[at]?.stock ?? 0),
      early: sentAt - tolerance,
      late: answeredAt + tolerance,
    }));
    const periods = holdPeriodsOf(evidence).map((period) =>
      // Units that left the stock are never available again.
      period.isWithdrawn ? { ...period, earliestEnd: Infinity, latestEnd: Infinity } : period,
    );
    this.#min = new StepFunction(before.available, [
      ...changes.map(({ by, early, late }) => ({ at: by > 0 ? late : early, by })),
      ...periods.flatMap(({ units, from, latestEnd }) => [
        { at: from - tolerance, by: -units },
        { at: latestEnd + tolerance, by: units },
      ]),
    ]);
    // Units held by other buyers before the scenario may become available.
    this.#max = new StepFunction(before.available + before.held, [
      ...changes.map(({ by, early, late }) => ({ at: by > 0 ? early : late, by })),
      ...periods.flatMap(({ units, from, earliestEnd }) => [
        { at: from + tolerance, by: -units },
        { at: earliestEnd - tolerance, by: units },
      ]),
    ]);
  }

  /** The range of units that may have been available at some moment of the interval. */
  atSomeMoment(from: number, to: number): { min: number; max: number } {
    return { min: this.#min.range(from, to).min, max: this.#max.range(from, to).max };
  }
}

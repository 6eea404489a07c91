// The proof that every answer about units fits one order of events: no unit was sold twice, and nobody was told "sold out"
// while a unit was free. It knows only what buyers and the operator saw, and when.
import type { LedgerOrder } from "../../client.ts";
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import { holdPeriodsOf } from "./available-units.ts";
import { type Change, SerialOrders, type UnitHistory } from "./serial-order.ts";
import { termsOf, toleranceOf } from "./timeline.ts";

/** How long an edge may repeat a cached "sold out", plus a second until it learns of returned units. */
const EDGE_CACHE_MS = 3_000;

/** Sales of units that cannot have been free, and refusals while units were. */
export function oneAfterAnother(evidence: Evidence): string[] {
  const orders = new SerialOrders(unitHistoryOf(evidence));
  const { oversold } = orders;
  // Without any order that fits, nothing can be said about the refusals.
  if (oversold > 0) return [`${oversold} units were sold while none can have been free`];
  return evidence.purchases.flatMap(({ user, answers, quantity }) =>
    answers
      .filter((answer) => outcome(answer) === "sold_out")
      .filter(({ sentAt, ms }) => !orders.canBeShort(quantity, sentAt - EDGE_CACHE_MS, sentAt + ms))
      .map(({ sentAt }) => {
        const time = new Date(sentAt).toISOString();
        return `${user} got sold_out at ${time}, while ${quantity} or more units were free`;
      }),
  );
}

function unitHistoryOf(evidence: Evidence): UnitHistory {
  const { before, ledgerOrders } = evidence;
  const changes = stockChanges(evidence);
  return {
    free: before.available,
    takes: [...ledgerOrders.map((order) => takeOf(evidence, order)), ...changes.lowered],
    returns: [...returnsOf(evidence), ...changes.raised],
  };
}

/**
 * An order took its units between its first request and the first answer that mentions it. If its buyer got no answer, only the
 * ledger says when: without that end, a unit that came back would seem never to have been taken.
 */
function takeOf(evidence: Evidence, { id, quantity, createdAt }: LedgerOrder): Change {
  const told = evidence.purchases.flatMap(({ firstSentAt, answers }) =>
    answers
      .filter(({ status, body }) => status === 202 && body.id === id)
      .map(({ sentAt, ms }) => ({ from: firstSentAt ?? sentAt, to: sentAt + ms })),
  );
  const created = Date.parse(createdAt);
  const tolerance = toleranceOf(evidence);
  if (told.length === 0) {
    return { units: quantity, from: created - tolerance, to: created + tolerance };
  }
  const from = Math.min(...told.map((one) => one.from));
  return { units: quantity, from, to: Math.min(...told.map(({ to }) => to)) };
}

function returnsOf(evidence: Evidence): Change[] {
  const tolerance = toleranceOf(evidence);
  const returned = holdPeriodsOf(evidence)
    .filter(({ isWithdrawn, earliestEnd }) => !isWithdrawn && earliestEnd < Infinity)
    .map(({ units, earliestEnd, latestEnd }) => ({
      ...{ units, from: earliestEnd - tolerance, to: latestEnd + tolerance },
    }));
  // Units held by other buyers before the scenario may come back at any time, or never.
  return [...returned, { units: evidence.before.held, from: -Infinity, to: Infinity }];
}

/** The operator's changes of the stock. */
function stockChanges(evidence: Evidence): { raised: Change[]; lowered: Change[] } {
  const tolerance = toleranceOf(evidence);
  const changes = evidence.history.slice(1).map((version, at) => ({
    by:
      termsOf(evidence, version).stock -
      termsOf(evidence, evidence.history[at] as typeof version).stock,
    from: version.sentAt - tolerance,
    to: version.answeredAt + tolerance,
  }));
  const toChange = ({ by, from, to }: (typeof changes)[number]): Change => ({
    ...{ units: Math.abs(by), from, to },
  });
  return {
    raised: changes.filter(({ by }) => by > 0).map(toChange),
    lowered: changes.filter(({ by }) => by < 0).map(toChange),
  };
}

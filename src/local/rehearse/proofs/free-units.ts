// How many units were free when, as far as the orders and the operator's changes tell.
import type { Answer, LedgerOrder } from "../../client.ts";
import type { Evidence } from "../evidence.ts";
import { Steps, slackOf, termsOf } from "./timeline.ts";

/** When an order had its units: from `from` on, at least until `surely` and at most until `perhaps`. */
export interface Span {
  userId: string;
  units: number;
  from: number;
  surely: number;
  perhaps: number;
}

const isGone = ({ status }: LedgerOrder): boolean =>
  status === "cancelled" || status === "expired" || status === "refunded";

/** Whether an order has its units in the end. */
export const holdsUnits = (order: LedgerOrder): boolean => !isGone(order);

/** The spans of all orders, in the ledger's order. */
export function spansOf({ ledgerOrders, deeds }: Evidence): Span[] {
  const givenBack = Map.groupBy(
    deeds.filter(({ kind }) => kind === "give back"),
    ({ id }) => id,
  );
  return ledgerOrders.map((order) => {
    const answers = (givenBack.get(order.id) ?? []).flatMap(({ answer }) => answer ?? []);
    return spanOf(
      order,
      answers.filter(({ status }) => status === 200),
    );
  });
}

/** `givenBack`: the answers that said so. */
function spanOf(order: LedgerOrder, givenBack: Answer[]): Span {
  const { userId, quantity: units, status, unitPrice } = order;
  const from = Date.parse(order.createdAt);
  const holdEnds = Date.parse(order.expiresAt);
  const span = { userId, units, from };
  if (!isGone(order)) {
    // Money that came late may have found the unit again after the hold had ended.
    const isFree = unitPrice.amount === 0;
    return { ...span, surely: isFree ? Infinity : holdEnds, perhaps: Infinity };
  }
  const asked = Math.min(...givenBack.map(({ sentAt }) => sentAt));
  const answered = Math.min(...givenBack.map(({ sentAt, ms }) => sentAt + ms));
  // A card that was declined gives the units back at a time that nobody outside knows.
  const surely = status === "expired" ? holdEnds : givenBack.length > 0 ? asked : from;
  return { ...span, surely: Math.min(surely, holdEnds), perhaps: Math.min(answered, holdEnds) };
}

/** The fewest and the most units that may have been free at some moment between two. */
export class FreeUnits {
  readonly #least: Steps;
  readonly #most: Steps;

  constructor(evidence: Evidence) {
    const { before, history } = evidence;
    const slack = slackOf(evidence);
    const stock = history.map((change) => ({ ...change, ...termsOf(evidence, change) }));
    const changes = stock.slice(1).map(({ stock: now, sentAt, answeredAt }, at) => ({
      by: now - (stock[at]?.stock ?? 0),
      early: sentAt - slack,
      late: answeredAt + slack,
    }));
    const spans = spansOf(evidence);
    this.#least = new Steps(before.available, [
      ...changes.map(({ by, early, late }) => ({ at: by > 0 ? late : early, by })),
      ...spans.flatMap(({ units, from, perhaps }) => [
        { at: from - slack, by: -units },
        { at: perhaps + slack, by: units },
      ]),
    ]);
    // What others held before may come back.
    this.#most = new Steps(before.available + before.held, [
      ...changes.map(({ by, early, late }) => ({ at: by > 0 ? early : late, by })),
      ...spans.flatMap(({ units, from, surely }) => [
        { at: from + slack, by: -units },
        { at: surely - slack, by: units },
      ]),
    ]);
  }

  /** So many were certainly free throughout. */
  throughout(from: number, to: number): number {
    return this.#least.range(from, to).least;
  }

  /** What may have been free at one moment or another. */
  atSomeMoment(from: number, to: number): { least: number; most: number } {
    return { least: this.#least.range(from, to).least, most: this.#most.range(from, to).most };
  }
}

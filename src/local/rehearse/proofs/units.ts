// The proofs about units: the ledger, the units sold, the per-user limits and the refusals.
import type { Ledger, LedgerOrder } from "../../client.ts";
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import type { OrderAnswer } from "../recorder.ts";
import { holdPeriodsOf, holdsUnits, unitsKept } from "./available-units.ts";
import { isOfSale } from "./sale-limit.ts";
import { termsDuring, termsOf, toleranceOf } from "./timeline.ts";

/** Unpaid holds after which the next order needs a payment method. */
const UNPAID_HOLDS = 2;

/** The ledger adds up at all times and contains exactly the units the operator put on sale. */
export function unitsAddUp(evidence: Evidence): string[] {
  const { before, after, ledgers, history, refunds } = evidence;
  const stocks = history.map((version) => termsOf(evidence, version).stock);
  const withdrawn = refunds.reduce((sum, one) => sum + (one.backOnSale ? 0 : one.quantity), 0);
  const change = (stocks.at(-1) as number) - (stocks[0] as number) - withdrawn;
  const stocked = before.stocked + change;
  return [
    ...[...ledgers, after].filter((ledger) => !addsUp(ledger)).map(asText),
    ...(after.stocked === stocked
      ? []
      : [`the ledger has ${after.stocked} units stocked, the sale ${stocked}`]),
  ];
}

const addsUp = ({ stocked, available, held, sold }: Ledger): boolean =>
  stocked === available + held + sold && Math.min(available, held, sold) >= 0;

const asText = ({ stocked, available, held, sold }: Ledger): string =>
  `stocked ${stocked}, available ${available}, held ${held}, sold ${sold}`;

/** No more units are sold than stocked or demanded. Not fewer either: expired and canceled orders count here. */
export function unitsSold(evidence: Evidence): string[] {
  const { before, after, ledgerOrders, history } = evidence;
  const supply = before.available + after.stocked - before.stocked;
  const taken = after.sold + after.held - before.sold - before.held;
  const owned = keptUnits(ledgerOrders);
  const everOrdered = units(ledgerOrders);
  const { min, max } = demand(evidence, supply);
  const expected = min === max ? String(max) : `${min} to ${max}`;
  // If the operator edits the terms, only the refusals show whether too few were sold.
  const tooFew = history.length === 1 && everOrdered < min;
  return [
    ...(taken > max || tooFew ? [`${taken} units sold, ${expected} expected`] : []),
    ...(taken === owned ? [] : [`${taken} units taken, but the orders have ${owned}`]),
  ];
}

export const units = (orders: LedgerOrder[]): number =>
  orders.reduce((sum, { quantity }) => sum + quantity, 0);

const keptUnits = (orders: LedgerOrder[]): number =>
  orders.reduce((sum, order) => sum + unitsKept(order), 0);

/** Whether every request of the purchase reached the stock. The funnel may have refused bots earlier. */
function reachedStock({ answers, outcomeUnknown }: Evidence["purchases"][number]): boolean {
  const fromStock = ["202", "sold_out", "user_limit_reached"];
  return (
    !outcomeUnknown &&
    answers.some((answer) => fromStock.includes(outcome(answer)) && !isOfSale(answer))
  );
}

/**
 * The fewest and the most units that must have been ordered. With orders of several units, some units may
 * remain, because each refused order wanted more than were left.
 */
function demand(evidence: Evidence, supply: number): { min: number; max: number } {
  const { purchases, history } = evidence;
  const limit = Math.max(...history.map((version) => termsOf(evidence, version).perUserLimit));
  const largest = Math.max(1, ...purchases.map(({ quantity }) => quantity));
  const demanded = (some: Evidence["purchases"], cap: number) =>
    [...Map.groupBy(some, ({ user }) => user).values()].reduce((sum, own) => {
      const wanted = own.reduce((all, { quantity }) => all + quantity, 0);
      return sum + (wanted <= limit ? wanted : cap);
    }, 0);
  // A buyer without a conclusive answer may or may not have a unit.
  const max = Math.min(supply, demanded(purchases, limit));
  const certain = demanded(purchases.filter(reachedStock), limit - largest + 1);
  return { min: Math.min(certain, supply - largest + 1, max), max };
}

/** Lowering a limit takes no units away, so the limit in force when an order was created counts. */
export function perUserLimit(evidence: Evidence): string[] {
  const periods = Map.groupBy(holdPeriodsOf(evidence), ({ userId }) => userId);
  const tolerance = toleranceOf(evidence);
  const highest = Math.max(...evidence.history.map((one) => termsOf(evidence, one).perUserLimit));
  const ofUser = Map.groupBy(evidence.ledgerOrders, ({ userId }) => userId);
  const overInTheEnd = [...ofUser].filter(([, own]) => keptUnits(own) > highest);
  const overWhenOrdered = [...periods].flatMap(([user, own]) =>
    own.flatMap(({ from }) => {
      const limit = Math.max(
        ...termsDuring(evidence, from, from).map(({ perUserLimit }) => perUserLimit),
      );
      const held = own
        .filter((period) => period.from <= from && period.earliestEnd - tolerance > from)
        .reduce((sum, period) => sum + period.units, 0);
      return held > limit ? [`${user} had ${held} units, but the limit was ${limit}`] : [];
    }),
  );
  return [
    ...overWhenOrdered,
    ...overInTheEnd.map(
      ([user, own]) =>
        `${user} ends up with ${keptUnits(own)} units; the highest limit was ${highest}`,
    ),
  ];
}

/** Refusals for the limit or unpaid holds that the orders contradict. */
export function refusals(evidence: Evidence): string[] {
  const { purchases, ledgerOrders } = evidence;
  const ofUser = Map.groupBy(ledgerOrders, ({ userId }) => userId);
  return purchases.flatMap(({ user, answers, quantity }) =>
    answers.flatMap((answer) => {
      const own = ofUser.get(user) ?? [];
      const wrong = wrongRefusal(evidence, own, quantity, answer);
      return wrong === undefined ? [] : [`${user} got ${outcome(answer)}, but ${wrong}`];
    }),
  );
}

/** What contradicts the refusal of an order of `quantity` units; undefined if nothing does. */
function wrongRefusal(
  evidence: Evidence,
  own: LedgerOrder[],
  quantity: number,
  answer: OrderAnswer,
): string | undefined {
  const from = answer.sentAt;
  const to = from + answer.ms;
  switch (outcome(answer)) {
    case "user_limit_reached": {
      if (isOfSale(answer)) return undefined; // see sale-limit.ts
      const terms = termsDuring(evidence, from, to);
      const limit = Math.min(...terms.map(({ perUserLimit }) => perUserLimit));
      const most = units(own);
      return most + quantity <= limit ? `never had more than ${most} units` : undefined;
    }
    case "payment_method_required": {
      const released = own.filter((order) => !holdsUnits(order)).length;
      return released < UNPAID_HOLDS ? `had only ${released} unpaid holds` : undefined;
    }
    default:
      return undefined;
  }
}

/** Value → number of occurrences. */
export function tally(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

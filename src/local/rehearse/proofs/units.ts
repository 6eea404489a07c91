// The proofs about units: each lists what contradicts one promise.
import type { Ledger, LedgerOrder } from "../../client.ts";
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import { FreeUnits, holdsUnits, spansOf } from "./free-units.ts";
import { slackOf, termsDuring, termsOf } from "./timeline.ts";

/** An edge may repeat what it knows of "sold out" for so long, and news of returned units takes a second. */
const EDGE_REPEATS_MS = 3_000;
/** Holds that ended unpaid before the next one needs a payment method. */
const UNPAID_HOLDS = 2;

export function balance(evidence: Evidence): string[] {
  const { before, after, ledgers, history } = evidence;
  const put = history.map((change) => termsOf(evidence, change).stock);
  const stocked = before.stocked + (put.at(-1) as number) - (put[0] as number);
  return [
    ...[...ledgers, after].filter((ledger) => !isSound(ledger)).map(asText),
    ...(after.stocked === stocked
      ? []
      : [`${after.stocked} units stocked, ${stocked} put on sale`]),
  ];
}

const isSound = ({ stocked, available, held, sold }: Ledger): boolean =>
  stocked === available + held + sold && Math.min(available, held, sold) >= 0;

const asText = ({ stocked, available, held, sold }: Ledger): string =>
  `stocked ${stocked}, available ${available}, held ${held}, sold ${sold}`;

/** Units come back, from holds that lapse and orders given back: what counts is who ever had them. */
export function soldOut(evidence: Evidence): string[] {
  const { before, after, ledgerOrders, history } = evidence;
  const supply = before.available + after.stocked - before.stocked;
  const taken = after.sold + after.held - before.sold - before.held;
  const owned = units(ledgerOrders.filter(holdsUnits));
  const ever = units(ledgerOrders);
  const { least, most } = demand(evidence, supply);
  const expected = least === most ? String(most) : `${least} to ${most}`;
  // While the operator changes the terms, only what was refused says whether too little was sold.
  const tooFew = history.length === 1 && ever < least;
  return [
    ...(taken > most || tooFew ? [`${taken} units sold, ${expected} expected`] : []),
    ...(taken === owned ? [] : [`${taken} units are gone, the orders have ${owned}`]),
  ];
}

export const units = (orders: LedgerOrder[]): number =>
  orders.reduce((sum, { quantity }) => sum + quantity, 0);

/** Whether every request got as far as the stock: the funnel may have turned bots away before. */
function reached({ answers, gaveUp }: Evidence["purchases"][number]): boolean {
  const fromStock = ["202", "sold_out", "user_limit_reached"];
  return !gaveUp && answers.some((answer) => fromStock.includes(outcome(answer)));
}

/**
 * The fewest and the most units that must have been taken. With orders of several units some may be left that
 * nobody could use: the last order that was refused wanted more than there was.
 */
function demand(evidence: Evidence, supply: number): { least: number; most: number } {
  const { purchases, history } = evidence;
  const limit = Math.max(...history.map((change) => termsOf(evidence, change).perUserLimit));
  const largest = Math.max(1, ...purchases.map(({ quantity }) => quantity));
  const wishes = (some: Evidence["purchases"], most: number) =>
    [...Map.groupBy(some, ({ user }) => user).values()].reduce((sum, own) => {
      const wished = own.reduce((all, { quantity }) => all + quantity, 0);
      return sum + (wished <= limit ? wished : most);
    }, 0);
  // Whoever was never given an answer may or may not have a unit.
  const most = Math.min(supply, wishes(purchases, limit));
  const sure = wishes(purchases.filter(reached), limit - largest + 1);
  return { least: Math.min(sure, supply - largest + 1, most), most };
}

/** A limit that was lowered takes no unit away: what counts is the limit when an order was made. */
export function limits(evidence: Evidence): string[] {
  const spans = Map.groupBy(spansOf(evidence), ({ userId }) => userId);
  const slack = slackOf(evidence);
  const ever = Math.max(...evidence.history.map((one) => termsOf(evidence, one).perUserLimit));
  const inTheEnd = Map.groupBy(evidence.ledgerOrders.filter(holdsUnits), ({ userId }) => userId);
  const overall = [...inTheEnd].filter(([, own]) => units(own) > ever);
  const whenMade = [...spans].flatMap(([user, own]) =>
    own.flatMap(({ from }) => {
      const limit = Math.max(
        ...termsDuring(evidence, from, from).map(({ perUserLimit }) => perUserLimit),
      );
      const held = own
        .filter((span) => span.from <= from && span.surely - slack > from)
        .reduce((sum, span) => sum + span.units, 0);
      return held > limit ? [`${user} had ${held} units, the limit was ${limit}`] : [];
    }),
  );
  return [
    ...whenMade,
    ...overall.map(([user, own]) => `${user} has ${units(own)} units in the end`),
  ];
}

export function trueRefusals(evidence: Evidence): string[] {
  const { purchases, ledgerOrders } = evidence;
  const free = new FreeUnits(evidence);
  const ofUser = Map.groupBy(ledgerOrders, ({ userId }) => userId);
  return purchases.flatMap(({ user, answers, quantity }) =>
    answers.flatMap((answer) => {
      const from = answer.sentAt;
      const to = from + answer.ms;
      const own = ofUser.get(user) ?? [];
      switch (outcome(answer)) {
        case "sold_out": {
          const left = free.throughout(from - EDGE_REPEATS_MS, to);
          return left >= quantity
            ? [`${user} was told sold_out while ${left} units were left`]
            : [];
        }
        case "user_limit_reached": {
          const terms = termsDuring(evidence, from, to);
          const limit = Math.min(...terms.map(({ perUserLimit }) => perUserLimit));
          const most = units(own);
          return most + quantity <= limit
            ? [`${user} was told user_limit_reached, yet never had more than ${most} units`]
            : [];
        }
        case "payment_method_required":
          return own.filter((order) => !holdsUnits(order)).length < UNPAID_HOLDS
            ? [`${user} was told payment_method_required, yet had few unpaid holds`]
            : [];
        default:
          return [];
      }
    }),
  );
}

/** How often each value occurs. */
export function tally(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

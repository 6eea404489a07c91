// The proofs about units: each lists what contradicts one promise.
import type { LedgerOrder } from "../client.ts";
import { outcome } from "./contract.ts";
import type { Evidence } from "./evidence.ts";

export function balance({ after }: Evidence): string[] {
  const { stocked, available, held, sold } = after;
  const sound = stocked === available + held + sold && Math.min(available, held, sold) >= 0;
  return sound ? [] : [`stocked ${stocked}, available ${available}, held ${held}, sold ${sold}`];
}

/** Units come back, from holds that lapse and orders given back: what counts is who ever had them. */
export function soldOut({ before, after, purchases, ledgerOrders, sku }: Evidence): string[] {
  const taken = after.sold + after.held - before.sold - before.held;
  const owned = units(ledgerOrders.filter(holdsUnits));
  // Whoever was never given an answer may or may not have a unit.
  const most = Math.min(before.available, demand(purchases, sku.perUserLimit));
  const least = Math.min(before.available, demand(purchases.filter(reached), sku.perUserLimit));
  const expected = least === most ? String(most) : `${least} to ${most}`;
  const ever = units(ledgerOrders);
  return [
    ...(taken > most || ever < least ? [`${taken} units sold, ${expected} expected`] : []),
    ...(taken === owned ? [] : [`${taken} units are gone, the orders have ${owned}`]),
  ];
}

const units = (orders: LedgerOrder[]): number =>
  orders.reduce((sum, { quantity }) => sum + quantity, 0);

/** Whether every request got as far as the stock: the funnel may have turned bots away before. */
function reached({ answers, gaveUp }: Evidence["purchases"][number]): boolean {
  const fromStock = ["202", "sold_out", "user_limit_reached"];
  return !gaveUp && answers.some((answer) => fromStock.includes(outcome(answer)));
}

function demand(purchases: Evidence["purchases"], limit: number): number {
  const wishes = tally(purchases.map(({ user }) => user));
  return [...wishes.values()].reduce((sum, wished) => sum + Math.min(wished, limit), 0);
}

export function limits({ ledgerOrders, sku }: Evidence): string[] {
  return [...Map.groupBy(ledgerOrders.filter(holdsUnits), ({ userId }) => userId)]
    .map(([user, orders]) => [user, units(orders)] as const)
    .filter(([, held]) => held > sku.perUserLimit)
    .map(([user, held]) => `${user} has ${held} units, the limit is ${sku.perUserLimit}`);
}

export function trueRefusals({ purchases, before, ledgerOrders, sku }: Evidence): string[] {
  const ever = units(ledgerOrders);
  const ofUser = Map.groupBy(ledgerOrders, ({ userId }) => userId);
  return purchases.flatMap(({ user, answers }) => {
    const codes = answers.map(outcome);
    const everOwned = units(ofUser.get(user) ?? []);
    const untrue = [];
    if (codes.includes("sold_out") && ever < before.available) {
      untrue.push(`${user} was told sold_out, yet ${before.available - ever} units never sold`);
    }
    if (codes.includes("user_limit_reached") && everOwned < sku.perUserLimit) {
      untrue.push(
        `${user} was told user_limit_reached, yet never had more than ${everOwned} units`,
      );
    }
    return untrue;
  });
}

/** Whether an order has its units, for now or for good. */
export function holdsUnits({ status }: LedgerOrder): boolean {
  return status === "reserved" || status === "confirmed";
}

/** How often each value occurs. */
export function tally(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

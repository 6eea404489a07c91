// One tally: a row that lists orders, and adds up those that it no longer lists. Pure. See `tallies.ts`.
import type { OrderRef } from "./order-id.ts";
import type { SqlRow } from "./tables.ts";
import { addUnits, noUnits, type Units } from "./units.ts";

/** Most orders that one tally lists. The row is written with each order that joins it, so it must stay small: 3 KB. */
export const CAPACITY = 32;

interface Listed extends OrderRef {
  /** What it adds once it is finished. Null while it is open. */
  finished: Units | null;
}

export interface Tally {
  id: number;
  /** By order id. */
  orders: Map<string, Listed>;
  /** Of the orders that it no longer lists. */
  units: Units;
  /** People whose first order it listed. */
  buyers: number;
  /** Listed orders that are open. */
  open: number;
}

/** What an object wakes with: the sum of the orders that no tally lists, everyone who ever ordered, and the listed orders. */
export interface Tallied {
  units: Units;
  buyers: number;
  listed: OrderRef[];
}

export const emptyTally = (id: number): Tally => ({
  id,
  orders: new Map(),
  units: noUnits(),
  buyers: 0,
  open: 0,
});

/** Every listed order counts as open until its row was read. */
export function toTally(row: SqlRow): Tally {
  const owners = Object.entries(JSON.parse(row.orders as string) as Record<string, string>);
  return {
    id: row.id as number,
    orders: listOf(owners.map(([orderId, userId]) => ({ userId, orderId }))),
    units: JSON.parse(row.units as string) as Units,
    buyers: row.buyers as number,
    open: owners.length,
  };
}

const listOf = (refs: OrderRef[]): Map<string, Listed> =>
  new Map(refs.map(({ userId, orderId }) => [orderId, { userId, orderId, finished: null }]));

export function sumOf(tallies: Tally[]): Pick<Tallied, "units" | "buyers"> {
  const units = noUnits();
  for (const tally of tallies) addUnits(units, tally.units);
  return { units, buyers: tallies.reduce((sum, { buyers }) => sum + buyers, 0) };
}

/** As few tallies as possible that list these open orders. The first has the sum. `ids`: what to name them, then what follows. */
export function combined(units: Units, buyers: number, listed: OrderRef[], ids: number[]): Tally[] {
  const count = Math.max(1, Math.ceil(listed.length / CAPACITY));
  return Array.from({ length: count }, (_, n) => {
    const part = listOf(listed.slice(n * CAPACITY, (n + 1) * CAPACITY));
    const id = ids[n] ?? (ids.at(-1) ?? 0) + n - ids.length + 1;
    const sum = n === 0 ? { units, buyers } : {};
    return { ...emptyTally(id), orders: part, open: part.size, ...sum };
  });
}

// Units by the status of their orders. Pure.
import type { OrderRow, OrderStatus } from "./order.ts";
import { takenUnits } from "./returns.ts";

export type Units = Record<OrderStatus, number>;

export const noUnits = (): Units => ({
  reserved: 0,
  confirmed: 0,
  cancelled: 0,
  expired: 0,
  refunded: 0,
});

/** The units of one order. Those that a refund took no longer belong to it. */
export function unitsOf(row: OrderRow): Units {
  const taken = takenUnits(row);
  const units = noUnits();
  units[row.status] += row.quantity - taken;
  units.refunded += taken;
  return units;
}

/** Adds units to a sum, or subtracts them. */
export function addUnits(sum: Units, units: Units, sign: 1 | -1 = 1): void {
  for (const status of Object.keys(sum) as OrderStatus[]) sum[status] += sign * units[status];
}

export const sameUnits = (a: Units, b: Units): boolean =>
  (Object.keys(a) as OrderStatus[]).every((status) => a[status] === b[status]);

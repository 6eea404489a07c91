// Traces of an order, by which the report of its sale finds orders that belong together: keyed hashes of the address block
// and of the card. They cannot be compared between sales, and are deleted 30 days after the close. Pure.

export interface Traces {
  /** Of the IPv4 /24 or IPv6 /48 that the order came from. */
  network?: string;
  /** Of the provider's fingerprint of the card that was charged. */
  card?: string;
}

const KEEP_MS = 30 * 86_400_000;

/** The sales whose orders may have traces, each with its close: milliseconds. */
export type TracedSales = Readonly<Record<string, number>>;

interface OnSale {
  saleId: string;
  closesAt: number;
}

/** The sales after a change of what is on sale. One that is no longer on sale here sells nothing from now on. */
export function tracedAfter(
  traced: TracedSales,
  before: OnSale | null,
  after: OnSale | null,
  now: number,
): TracedSales {
  const left = before && before.saleId !== after?.saleId ? before.saleId : undefined;
  const closesAt = left === undefined ? undefined : traced[left];
  return {
    ...traced,
    ...(left === undefined || closesAt === undefined ? {} : { [left]: Math.min(closesAt, now) }),
    ...(after ? { [after.saleId]: after.closesAt } : {}),
  };
}

/** A sale whose traces are to be deleted. */
export const tracesDue = (traced: TracedSales, now: number): string | undefined =>
  Object.entries(traced).find(([, closesAt]) => now >= closesAt + KEEP_MS)?.[0];

// How many units of a whole sale one person may still take, over all its SKUs. Pure: shares + command + now → the share to
// write and the answer. A ledger takes units only with a lease, so what is counted here is never less than what a
// person has; what the ledgers report afterwards lowers it again.

/** The right to let one attempt take units, once. Its ledger refuses it from `until` on (milliseconds). */
export interface Lease {
  id: string;
  until: number;
}

/** The order of an attempt as its ledger reports it. A higher version is newer. */
export interface CountedOrder {
  version: number;
  /** Units that the person holds or bought, without those that refunds took. */
  units: number;
  /** Until when its hold lasts for certain, in milliseconds. Null if it waits for no payment. */
  endsAt: number | null;
}

/** What one attempt takes of a person's allowance. */
export interface Share {
  skuId: string;
  /** The idempotency key of the attempt. */
  key: string;
  /** Units that its leases reserve. */
  quantity: number;
  /** Leases whose outcome is not known. A repeated attempt gets another one, and takes no more units. */
  leases: Lease[];
  order: CountedOrder | null;
}

export interface LeaseCommand {
  saleId: string;
  userId: string;
  skuId: string;
  key: string;
  quantity: number;
  /** Units of the sale that one person may have. */
  limit: number;
  /** Set for late money: the units of an order that expired are taken once more. */
  isAgain?: true;
}

export type LeaseDecision =
  /** `lease` is null if the attempt has its order: the ledger only repeats its answer. */
  | { ok: true; lease: Lease | null; share?: Share }
  /** `mayHaveOrder`: whether the ledger of the SKU may have an answer for this attempt nevertheless. */
  | { ok: false; reason: "limit_reached"; mayHaveOrder: boolean }
  /** `stale`: shares that only their ledgers can tell. The others are about to be reported. */
  | { ok: false; reason: "undecided"; mayHaveOrder: boolean; stale: Share[] };

/** What a ledger reports about an attempt. */
export interface Report {
  userId: string;
  skuId: string;
  key: string;
  /** Null if the attempt has no order. */
  order: CountedOrder | null;
  /** The leases that can take no units any more, except those of the order. */
  spent: string[];
}

/** From the lease to the call of the ledger takes milliseconds. Longer than any call that is still worth an answer. */
export const LEASE_MS = 10_000;
/**
 * How long after its end a ledger still does not call a lease spent. Covers a clock that is set back by as much, or another
 * machine's clock after the ledger moved.
 */
export const LEASE_MARGIN_MS = 2_000;
/** How long after the close of their sale the shares are kept. */
export const KEEP_MS = 30 * 86_400_000;
/** Most tries of one attempt whose outcome is open. */
const MAX_LEASES = 8;

/** Whether the ledger refuses a lease for certain, now and later. */
export const isOver = ({ until }: Lease, now: number): boolean => now >= until + LEASE_MARGIN_MS;

/** Units of the share, the open ones included. */
const countedUnits = ({ order, leases, quantity }: Share): number =>
  Math.max(order?.units ?? 0, leases.length > 0 ? quantity : 0);

/** Units that the person has for certain. A hold that may have ended is not certain. */
const firmUnits = ({ order }: Share, now: number): number =>
  order && (order.endsAt === null || now < order.endsAt) ? order.units : 0;

const isStale = (share: Share, now: number): boolean => {
  const { order, leases } = share;
  const mayHaveEnded = order !== null && order.units > 0 && firmUnits(share, now) === 0;
  return mayHaveEnded || (leases.length > 0 && leases.every((lease) => isOver(lease, now)));
};

const sum = (shares: Share[], unitsOf: (share: Share) => number): number =>
  shares.reduce((total, share) => total + unitsOf(share), 0);

/**
 * Grants an attempt its units, if the person has that many left. `shares`: all of the person in the sale. `lease`: the one to
 * grant. Refuses only for units that the person has for certain: anything open leads to `undecided`.
 */
export function decideLease(
  shares: Share[],
  command: Omit<LeaseCommand, "saleId" | "userId">,
  lease: Lease,
  now: number,
): LeaseDecision {
  const { skuId, key, limit, isAgain = false } = command;
  const own = shares.find((share) => share.skuId === skuId && share.key === key);
  if (own?.order && !isAgain) return { ok: true, lease: null };
  const others = shares.filter((share) => share !== own);
  const quantity = Math.max(command.quantity, own && own.leases.length > 0 ? own.quantity : 0);
  const mayHaveOrder = shares.some((share) => share.skuId === skuId);
  if (sum(others, (share) => firmUnits(share, now)) + quantity > limit) {
    return { ok: false, reason: "limit_reached", mayHaveOrder };
  }
  const leases = own?.leases ?? [];
  if (sum(others, countedUnits) + quantity > limit || leases.length >= MAX_LEASES) {
    const stale = shares.filter((share) => isStale(share, now));
    return { ok: false, reason: "undecided", mayHaveOrder, stale };
  }
  const order = own?.order ?? null;
  return { ok: true, lease, share: { skuId, key, quantity, leases: [...leases, lease], order } };
}

/** The same version can be reported again with a hold whose clock stood still meanwhile. */
const isLater = (a: CountedOrder, b: CountedOrder): boolean =>
  a.version > b.version || (a.version === b.version && (a.endsAt ?? 0) > (b.endsAt ?? 0));

/**
 * The share after a report, null if nothing is left of it, or undefined if it does not change. Reports may repeat, get lost
 * and come in any order.
 */
export function applyReport(
  share: Share | undefined,
  { skuId, key, order, spent }: Omit<Report, "userId">,
): Share | null | undefined {
  if (!share) {
    return order ? { skuId, key, quantity: order.units, leases: [], order } : undefined;
  }
  const isNewer = order !== null && (!share.order || isLater(order, share.order));
  const leases = share.leases.filter(({ id }) => !spent.includes(id));
  if (!isNewer && leases.length === share.leases.length) return undefined;
  const latest = isNewer ? order : share.order;
  return leases.length === 0 && !latest ? null : { ...share, leases, order: latest };
}

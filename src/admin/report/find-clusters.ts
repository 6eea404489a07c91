// Finds orders that may belong to one buyer with many accounts: those from one address block, those paid with one card, and
// accounts that ordered in the same rhythm to the millisecond. Pure. A cluster is a reason to look, not a proof.
import type { AuditedOrder } from "../../inventory/audit.ts";

/** An order that still has units, as the search needs it. */
export type Suspect = Pick<
  AuditedOrder,
  "orderId" | "userId" | "units" | "createdAt" | "traces"
> & {
  skuId: string;
};

export interface Cluster {
  kind: "network" | "card" | "timing";
  accounts: number;
  units: number;
  /** ISO 8601, UTC: the first and the last order. */
  firstAt: string;
  lastAt: string;
  /** The median time between one order and the next, in milliseconds. Scripts are quick and regular, people are not. */
  medianGapMs: number;
  /** For `timing`: the times between the orders of each of these accounts, in milliseconds. */
  gapsMs?: number[];
  /** The first 50 in the order of time, and how many there are. */
  orderIds: string[];
  orders: number;
}

/**
 * The fewest accounts of a cluster. Carriers put thousands of people behind one IPv4 address, and a whole campus shares a /48,
 * so some accounts of one block are nothing unusual. Few people share a card.
 */
export const MIN_ACCOUNTS = { network: 10, card: 2, timing: 5 } as const;
const MAX_CLUSTERS = 50;
/** Most orders of a cluster that are named, and that one request takes back. */
export const MAX_ORDERS = 50;

/** The clusters, those with most accounts first: at most 50. */
export function findClusters(suspects: readonly Suspect[]): Cluster[] {
  const found = [
    ...clustersBy("network", suspects, ({ traces }) => traces.network),
    ...clustersBy("card", suspects, ({ traces }) => traces.card),
    ...inRhythm(suspects),
  ];
  return found.sort((a, b) => b.accounts - a.accounts).slice(0, MAX_CLUSTERS);
}

function clustersBy(
  kind: Cluster["kind"],
  suspects: readonly Suspect[],
  keyOf: (suspect: Suspect) => string | undefined,
): Cluster[] {
  return groupsOf(suspects, keyOf).flatMap((group) => {
    const accounts = new Set(group.map(({ userId }) => userId)).size;
    return accounts < MIN_ACCOUNTS[kind] ? [] : [toCluster(kind, group, accounts)];
  });
}

interface Rhythm {
  skus: string;
  gapsMs: number[];
  orders: Suspect[];
  accounts: number;
}

const nameOf = (skus: string, gapsMs: readonly number[]): string => `${skus} ${gapsMs}`;

/** Orders of an account that follow each other in the same times and of the same SKUs as those of other accounts. */
function inRhythm(suspects: readonly Suspect[]): Cluster[] {
  const rhythms = new Map<string, Rhythm>();
  for (const own of groupsOf(suspects, ({ userId }) => userId)) {
    if (own.length < 2) continue;
    own.sort(byTime);
    const gapsMs = gapsOf(own);
    const skus = own.map(({ skuId }) => skuId).join();
    const key = nameOf(skus, gapsMs);
    const same = rhythms.get(key) ?? { skus, gapsMs, orders: [], accounts: 0 };
    same.orders.push(...own);
    same.accounts += 1;
    rhythms.set(key, same);
  }
  return [...rhythms.values()]
    .filter((rhythm) => rhythm.accounts >= MIN_ACCOUNTS.timing && standsOut(rhythm, rhythms))
    .map(({ gapsMs, orders, accounts }) => ({ ...toCluster("timing", orders, accounts), gapsMs }));
}

/** How far around a time other accounts are counted, in milliseconds, and how many times more than there stand out. */
const AROUND_MS = 50;
const TIMES_MORE = 10;

/**
 * Whether a rhythm is rare around its own time. In a large sale, and where an app orders several items at once, many accounts
 * have two orders at nearly every distance. Two equal distances are never a coincidence.
 */
function standsOut({ skus, gapsMs, accounts }: Rhythm, all: ReadonlyMap<string, Rhythm>): boolean {
  const [gap, ...others] = gapsMs;
  if (gap === undefined || others.length > 0) return true;
  let around = 0;
  for (let off = 1; off <= AROUND_MS; off += 1) {
    around += all.get(nameOf(skus, [gap - off]))?.accounts ?? 0;
    around += all.get(nameOf(skus, [gap + off]))?.accounts ?? 0;
  }
  return accounts > (TIMES_MORE * around) / (2 * AROUND_MS);
}

/** Groups without a key are left out. */
function groupsOf(
  suspects: readonly Suspect[],
  keyOf: (suspect: Suspect) => string | undefined,
): Suspect[][] {
  const groups = new Map<string, Suspect[]>();
  for (const suspect of suspects) {
    const key = keyOf(suspect);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(suspect);
    else groups.set(key, [suspect]);
  }
  return [...groups.values()];
}

const byTime = (a: Suspect, b: Suspect): number =>
  a.createdAt - b.createdAt || (a.orderId < b.orderId ? -1 : 1);

/** Of orders in the order of time. */
const gapsOf = (orders: readonly Suspect[]): number[] =>
  orders.slice(1).map(({ createdAt }, at) => createdAt - (orders[at] as Suspect).createdAt);

function toCluster(kind: Cluster["kind"], group: Suspect[], accounts: number): Cluster {
  group.sort(byTime);
  const gaps = gapsOf(group).sort((a, b) => a - b);
  const iso = (suspect: Suspect | undefined) => new Date(suspect?.createdAt ?? 0).toISOString();
  return {
    kind,
    accounts,
    units: group.reduce((sum, { units }) => sum + units, 0),
    firstAt: iso(group[0]),
    lastAt: iso(group.at(-1)),
    medianGapMs: gaps[Math.floor(gaps.length / 2)] ?? 0,
    orderIds: group.slice(0, MAX_ORDERS).map(({ orderId }) => orderId),
    orders: group.length,
  };
}

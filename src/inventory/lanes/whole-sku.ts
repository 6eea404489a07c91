// The operator's reads of a whole SKU: at its root the units and orders of all lanes, in every other object those of that one. A
// SKU with one object is read without a wait.
import { type AuditPage, auditPage } from "../audit.ts";
import type { ConfigureCommand } from "../decide-stock.ts";
import {
  beforeRestock as beforeOwnRestock,
  isErasable as isOwnErasable,
} from "../operator-use-cases.ts";
import { type OrderRow, type OwnedOrder, toOrder } from "../order.ts";
import { lanesEver, type OrderRef, ROOT } from "../order-id.ts";
import { nextAfter, PAGE_SIZE } from "../page.ts";
import { type LedgerReport, reportOf, reportOfLanes } from "../report.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { totalUnits } from "./escrow.ts";
import type { Lanes } from "./lanes.ts";
import type { Configured, OrderPage } from "./stub.ts";

/** Most times that the lanes are read for one report. */
const MAX_READINGS = 3;

/** One object, as it reads its SKU. */
export interface Reader {
  work: UnitOfWork;
  lanes: Lanes;
}

const toOwned = (row: OrderRow): OwnedOrder => ({ userId: row.userId, order: toOrder(row) });

/** Configures this object with `own`, and at the root of several all others too. */
export function configure(
  { work, lanes }: Reader,
  command: ConfigureCommand,
  own: () => Configured,
): Configured | Promise<Configured> {
  const { lane = ROOT, offer } = command;
  const isRootOfSeveral = lane === ROOT && !!offer?.layout && lanesEver(offer.layout) > 1;
  const hasLanes = work.ledger.setup?.account !== undefined || isRootOfSeveral;
  return hasLanes ? lanes.configureAll(command, own) : own();
}

/** See `SkuInventory.report`. */
export function report(reader: Reader): LedgerReport | null | Promise<LedgerReport | null> {
  const { work, lanes } = reader;
  const now = work.begin();
  const own = () => reportOf(work.ledger, work.activity, now);
  return lanes.of === 1 ? own() : reportOfAll(reader, own);
}

async function reportOfAll(
  { work: { ledger }, lanes }: Reader,
  own: () => LedgerReport | null,
): Promise<LedgerReport | null> {
  for (let tries = 1; ; tries += 1) {
    const before = ledger.setup?.account;
    const others = await lanes.others((lane) => lane.report());
    const root = own();
    // Units that moved meanwhile may count twice, or not at all.
    if (ledger.setup?.account !== before && tries < MAX_READINGS) continue;
    if (!root || !ledger.setup) return root;
    const reports = others.flatMap((each) => each ?? []);
    return reportOfLanes([root, ...reports], totalUnits(ledger.setup));
  }
}

/** See `SkuInventory.beforeRestock`. */
export async function beforeRestock(
  reader: Reader,
  key: string,
): Promise<{ available: number; used?: number } | null> {
  const before = beforeOwnRestock(reader.work, key);
  if (!before || reader.lanes.of === 1) return before;
  const { available } = (await report(reader)) as LedgerReport;
  return { ...before, available };
}

/** See `SkuInventory.startingWith`. */
export async function startingWith(
  { work: { ledger }, lanes }: Reader,
  random: string,
): Promise<OwnedOrder[]> {
  const prefix = `${ledger.setup?.skuId}.${lanes.here}.${random}`;
  const own = ledger.byId.startingWith(prefix, PAGE_SIZE).map(toOwned);
  const others = await lanes.others((lane) => lane.startingWith(random));
  return [...own, ...others.flat()];
}

/** See `SkuInventory.page`. */
export function page(
  { work, lanes }: Reader,
  after: OrderRef | null,
): OrderPage | Promise<OrderPage> {
  const own = () => {
    work.begin();
    if (!after) work.published.all();
    const rows = work.ledger.pages.after(after ?? undefined, PAGE_SIZE);
    return { orders: rows.map(toOwned), next: nextAfter(rows) };
  };
  return lanes.walk(after, own, (lane) => lane.page(after));
}

/** See `SkuInventory.audit`. */
export function audit(
  { work: { ledger }, lanes }: Reader,
  after: OrderRef | null,
): AuditPage | Promise<AuditPage> {
  return lanes.walk(
    after,
    () => auditPage(ledger, after),
    // The units that were withdrawn are those of all lanes.
    async (lane) => ({ ...(await lane.audit(after)), withdrawn: ledger.setup?.withdrawn ?? 0 }),
  );
}

/** See `SkuInventory.sample`. */
export function sample(
  { work, lanes }: Reader,
  limit: number,
): OwnedOrder[] | Promise<OwnedOrder[]> {
  const each = Math.ceil(limit / lanes.of);
  const own = work.ledger.pages.sample(each).map(toOwned);
  if (lanes.of === 1) return own;
  return lanes.others((lane) => lane.sample(each)).then((others) => [own, ...others].flat());
}

/** See `SkuInventory.isErasable`. */
export async function isErasable({ work, lanes }: Reader): Promise<boolean> {
  if (!isOwnErasable(work)) return false;
  return (await lanes.others((lane) => lane.isErasable())).every(Boolean);
}

/** Erases the other lanes. Returns false, and erases none, if there may be something of a real sale. */
export async function eraseOthers(reader: Reader): Promise<boolean> {
  // First all agree: a lane without its units would contradict the root's account.
  if (!(await isErasable(reader))) return false;
  const others = await reader.lanes.others((lane) => lane.erase());
  // It may have been put on sale again meanwhile.
  return !others.includes(false) && isOwnErasable(reader.work);
}

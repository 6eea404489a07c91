// What the ledger of a SKU does for the allowances of its sale when asked: it tells what became of attempts, and reports the
// orders from before the sale had a limit per person.
import { asCounted, limitedSale } from "../decide-stock.ts";
import type { OrderRef } from "../order-id.ts";
import { nextAfter } from "../page.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { toCountedOrder } from "./counted-order.ts";
import { isOver, type Report, type Share } from "./decide.ts";

/** Rows that are read for one page. */
const COUNT_PAGE_SIZE = 2_000;

/** A report about the SKU that was asked. */
export type Answer = Omit<Report, "skuId">;

/** The attempts of one person in a sale that an allowance asks about. */
export interface OpenAttempts {
  saleId: string;
  userId: string;
  open: Pick<Share, "key" | "leases">[];
}

/** Calls a lease spent only if it is over, because its attempt may still be on the way. */
export function attemptsOf(work: UnitOfWork, { saleId, userId, open }: OpenAttempts): Answer[] {
  const now = work.begin();
  // The SKU may have been in another sale, under the same key.
  const mine = work.ordersOf(userId, now).filter((row) => row.saleId === saleId);
  return open.map(({ key, leases }) => {
    const row = mine.find(({ idempotencyKey }) => idempotencyKey === key);
    const spent = leases.filter((lease) => isOver(lease, now)).map(({ id }) => id);
    work.allowances.refuse(spent);
    return { userId, key, order: row ? toCountedOrder(row, now) : null, spent };
  });
}

export async function countOrders(
  work: UnitOfWork,
  after: OrderRef | null,
): Promise<OrderRef | null> {
  const { ledger, allowances } = work;
  work.begin();
  const sale = ledger.setup && limitedSale(ledger.setup);
  if (!sale || ledger.setup?.countedSale === sale) return null;
  const rows = ledger.pages.after(after ?? undefined, COUNT_PAGE_SIZE);
  await allowances.count(rows);
  const next = nextAfter(rows, COUNT_PAGE_SIZE);
  // The setup may have changed meanwhile.
  if (!next && ledger.setup && limitedSale(ledger.setup) === sale) {
    ledger.saveSetup(asCounted(ledger.setup));
  }
  return next;
}

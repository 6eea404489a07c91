// What an object reads when it wakes: its tallies, and the orders that they list. A ledger without tallies is counted: once after the
// release that brought them, and again after a rollback to an older release. SQLite adds up the finished orders then, so that
// only the others are read one by one.
import type { Buyers } from "./buyers.ts";
import { limitedSale, type Setup } from "./decide-stock.ts";
import { isOpen, type LedgerIndex } from "./ledger-index.ts";
import type { ReadOrders, Run } from "./tables.ts";
import type { Tallies } from "./tallies.ts";
import type { TracedSales } from "./traces.ts";
import { addUnits, noUnits, type Units, unitsOf } from "./units.ts";

/** The parts of a ledger that are empty when it wakes. */
export interface Waking {
  run: Run;
  orders: ReadOrders;
  index: LedgerIndex;
  tallies: Tallies;
  buyers: Buyers;
}

/** Fills index, tallies and buyers. */
export function wake(ledger: Waking, setup: Setup | null): void {
  const { index, tallies, buyers, orders } = ledger;
  const tallied = tallies.load();
  if (!tallied) {
    recount(ledger, setup?.countedSale);
    return;
  }
  index.limitedSale = setup ? limitedSale(setup) : undefined;
  addUnits(index.units, tallied.units);
  buyers.resume(tallied.buyers);
  for (const { userId, orderId } of tallied.listed) {
    for (const row of orders("WHERE user_id = ? AND order_id = ?", userId, orderId)) {
      index.load(row);
      tallies.found(row, isOpen(row, index.limitedSale));
    }
  }
}

/**
 * Orders that may be open, or whose units SQLite cannot tell. Binds the sale whose orders an allowance counts. Never null, so that
 * an order is either one of these or not.
 */
const UNCERTAIN = `(status = 'reserved' OR acknowledged < version OR owed_since IS NOT NULL
  OR returns IS NOT NULL OR dispute IS NOT NULL OR coalesce(payment, '') LIKE '%"refund_failed"%'
  OR ((counted IS NOT NULL OR sale_id IS ?) AND counted IS NOT iif(status = 'confirmed', quantity, 0)))`;

/**
 * Counts all orders, and stores the tallies.
 *
 * @param countedSale a sale with a limit per person, if all of its orders are counted: `SkuInventory.countOrders` goes through
 *   those of another one page by page
 */
function recount({ run, orders, index, tallies, buyers }: Waking, countedSale?: string): void {
  const people = countBuyers(run);
  if (people === 0) return;
  const units = countFinished(run, countedSale);
  addUnits(index.units, units);
  buyers.resume(people);
  index.limitedSale = countedSale;
  const listed = orders(`WHERE ${UNCERTAIN}`, countedSale ?? null).filter((row) => {
    index.load(row);
    if (isOpen(row, countedSale)) return true;
    addUnits(units, unitsOf(row));
    return false;
  });
  tallies.start({ units, buyers: people, listed });
}

/** The units of all orders that are finished for certain. */
function countFinished(run: Run, countedSale: string | undefined): Units {
  const units = noUnits();
  const sums = Object.keys(units).map(
    (status) => `coalesce(sum(quantity) FILTER (WHERE status = '${status}'), 0) AS ${status}`,
  );
  const query = `SELECT ${sums.join(", ")} FROM orders WHERE NOT ${UNCERTAIN}`;
  const [row] = run(query, countedSale ?? null);
  return { ...units, ...(row as unknown as Units) };
}

/** Everyone who ever had an order. The key is in this order, so nothing is sorted. */
function countBuyers(run: Run): number {
  const [row] = run("SELECT count(*) AS n FROM (SELECT DISTINCT user_id FROM orders)");
  return row?.n as number;
}

/**
 * The sales whose orders may have traces, for a setup that does not say. One that is no longer on sale here counts as closed with
 * its last order.
 */
export function tracedSales(run: Run, { terms }: Setup): TracedSales {
  const query = "SELECT DISTINCT sale_id FROM orders WHERE traces IS NOT NULL AND sale_id IS NOT ?";
  const others = run(query, terms?.saleId ?? null).map(({ sale_id: saleId }) => {
    const [row] = run(
      "SELECT max(created_at) AS at FROM orders WHERE sale_id = ?",
      saleId as string,
    );
    return [saleId, row?.at];
  });
  return { ...Object.fromEntries(others), ...(terms ? { [terms.saleId]: terms.closesAt } : {}) };
}

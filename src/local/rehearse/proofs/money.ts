// The proof about money: what the bank's books say and what the ledger says are one story.
import type { BankEntry, LedgerOrder } from "../../client.ts";
import type { Evidence } from "../evidence.ts";

/** How often an order of this status is charged and its money returned, when it costs anything. */
const MOVES: { [status in LedgerOrder["status"]]: [charges: number, refunds: number] } = {
  reserved: [0, 0],
  confirmed: [1, 0],
  refunded: [1, 1],
  cancelled: [0, 0],
  expired: [0, 0],
};

/** Contradictions between the books and the orders. */
export function moneyFaults({ ledgerOrders, books = new Map() }: Evidence): string[] {
  const known = new Set(ledgerOrders.map(({ id }) => id));
  const orphans = [...books.keys()].filter((id) => !known.has(id));
  return [
    ...orphans.map((id) => `the bank knows of ${id}, the ledger does not`),
    ...ledgerOrders.flatMap((order) => orderFaults(order, books.get(order.id))),
  ];
}

function orderFaults(order: LedgerOrder, entry: BankEntry | undefined): string[] {
  const { id, status, quantity, unitPrice, total } = order;
  const { currency } = unitPrice;
  const price = quantity * unitPrice.amount;
  const { charges = 0, refunds = 0, state = "never heard of it" } = entry ?? {};
  const [charged, returned] = price > 0 ? MOVES[status] : [0, 0];
  const faults: string[] = [];
  // What was tried and neither failed nor was voided could still succeed one day.
  if (charges !== charged || refunds !== returned || state === "tried") {
    faults.push(`${id} is ${status}; bank: ${state}, charged ${charges}×, returned ${refunds}×`);
  }
  if (entry && (entry.amount !== price || entry.currency !== currency)) {
    faults.push(`${id} costs ${price} ${currency}, charged: ${entry.amount} ${entry.currency}`);
  }
  if (total.amount !== price || total.currency !== currency) {
    faults.push(`${id} costs ${price} ${currency}, its total: ${total.amount} ${total.currency}`);
  }
  return faults;
}

/** What the shop has in the end, in minor units. */
export function moneyKept(books: Iterable<BankEntry>): number {
  return [...books].reduce(
    (sum, { amount, charges, refunds }) => sum + amount * (charges - refunds),
    0,
  );
}

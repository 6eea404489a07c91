// The proof about money: the sandbox bank's books agree with the orders in the ledger.
import type { BankEntry, LedgerOrder } from "../../client.ts";
import type { Evidence } from "../evidence.ts";

/** Charges and refunds of a paid order, by final status. */
const EXPECTED_COUNTS: { [status in LedgerOrder["status"]]: [charges: number, refunds: number] } = {
  reserved: [0, 0],
  confirmed: [1, 0],
  refunded: [1, 1],
  cancelled: [0, 0],
  expired: [0, 0],
};

export function money({ ledgerOrders, books }: Evidence): string[] {
  if (books === undefined) {
    return [];
  }
  const known = new Set(ledgerOrders.map(({ id }) => id));
  const orphans = [...books.keys()].filter((id) => !known.has(id));
  return [
    ...orphans.map((id) => `${id} is in the bank's books but not in the ledger`),
    ...ledgerOrders.flatMap((order) => orderViolations(order, books.get(order.id))),
  ];
}

function orderViolations(order: LedgerOrder, entry: BankEntry | undefined): string[] {
  const { id, status, quantity, unitPrice, total } = order;
  const { currency } = unitPrice;
  const price = quantity * unitPrice.amount;
  const { charges = 0, refunds = 0, state = "no entry" } = entry ?? {};
  const [expectedCharges, expectedRefunds] = price > 0 ? EXPECTED_COUNTS[status] : [0, 0];
  const violations: string[] = [];
  // An attempt that neither failed nor was voided may still succeed later.
  if (charges !== expectedCharges || refunds !== expectedRefunds || state === "tried") {
    violations.push(`${id} is ${status}; bank: ${state}, ${charges} charges, ${refunds} refunds`);
  }
  if (entry && (entry.amount !== price || entry.currency !== currency)) {
    const charged = `${entry.amount} ${entry.currency}`;
    violations.push(`${id} costs ${price} ${currency}, but the bank has ${charged}`);
  }
  if (total.amount !== price || total.currency !== currency) {
    const stated = `${total.amount} ${total.currency}`;
    violations.push(`${id} costs ${price} ${currency}, but its total is ${stated}`);
  }
  return violations;
}

/** Charges minus refunds, in minor units. */
export function moneyKept(books: Iterable<BankEntry>): number {
  return [...books].reduce(
    (sum, { amount, charges, refunds }) => sum + amount * (charges - refunds),
    0,
  );
}

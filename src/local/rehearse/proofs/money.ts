// The proofs about money: the bank's books agree with the orders in the ledger, refunds return exactly what the operator
// requested, and nobody who paid loses their units.
import type { LedgerOrder } from "../../client.ts";
import type { Evidence } from "../evidence.ts";
import { type BankRecord, CHARGING } from "../payments.ts";
import type { OperatorRefund } from "../scenario.ts";

const NO_RECORD = { charges: 0, refunds: 0, charged: 0, refunded: 0, isOpen: false };

/** Compares the books with the orders. An order that the operator refunded in part keeps the rest of its money. */
export function money({ ledgerOrders, books, refunds }: Evidence): string[] {
  if (books === undefined) {
    return [];
  }
  const known = new Set(ledgerOrders.map(({ id }) => id));
  const orphans = [...books.keys()].filter((id) => !known.has(id));
  const ofOrder = Map.groupBy(refunds, ({ id }) => id);
  return [
    ...orphans.map((id) => `${id} is in the bank's books but not in the ledger`),
    ...ledgerOrders.flatMap((order) =>
      orderViolations(order, books.get(order.id), ofOrder.get(order.id) ?? []),
    ),
  ];
}

function orderViolations(
  order: LedgerOrder,
  record: BankRecord | undefined,
  requested: OperatorRefund[],
): string[] {
  const { id, status, quantity, unitPrice, total } = order;
  const { currency } = unitPrice;
  const price = quantity * unitPrice.amount;
  const { charges, refunds, charged, refunded, isOpen } = record ?? NO_RECORD;
  const expected = expectedMovements(order, requested);
  const isRight = (charges === expected.charges && refunds === expected.refunds) || price === 0;
  const violations: string[] = [];
  // An attempt that neither failed nor was voided may still succeed later.
  if (!isRight || isOpen || (price === 0 && record !== undefined)) {
    const state = isOpen ? "a charge may still succeed, " : "";
    violations.push(`${id} is ${status}; bank: ${state}${charges} charges, ${refunds} refunds`);
  } else if (
    charged !== price * charges ||
    (record && charges > 0 && record.currency !== currency)
  ) {
    violations.push(
      `${id} costs ${price} ${currency}, but the bank has ${charged} ${record?.currency}`,
    );
  } else if (refunded !== expected.refunded) {
    violations.push(`${id}: ${expected.refunded} to be refunded, but the bank has ${refunded}`);
  }
  if (total.amount !== price || total.currency !== currency) {
    const stated = `${total.amount} ${total.currency}`;
    violations.push(`${id} costs ${price} ${currency}, but its total is ${stated}`);
  }
  return violations;
}

/** Late money is returned by one refund. The operator's refunds return the price of their units. */
function expectedMovements(
  { status, quantity, unitPrice }: LedgerOrder,
  requested: OperatorRefund[],
) {
  if (status !== "confirmed" && status !== "refunded") {
    return { charges: 0, refunds: 0, refunded: 0 };
  }
  const isLate = status === "refunded" && requested.length === 0;
  const units = isLate ? quantity : unitsOf(requested);
  return {
    charges: 1,
    refunds: isLate ? 1 : requested.length,
    refunded: units * unitPrice.amount,
  };
}

const unitsOf = (refunds: OperatorRefund[]): number =>
  refunds.reduce((sum, { quantity }) => sum + quantity, 0);

/** Every order that the operator refunded shows the units and the money of exactly these refunds. */
export function refundsDone({ ledgerOrders, refunds }: Evidence): string[] {
  const byId = new Map(ledgerOrders.map((order) => [order.id, order]));
  return [...Map.groupBy(refunds, ({ id }) => id)].flatMap(([id, requested]) => {
    const order = byId.get(id);
    if (!order) return [`${id} was refunded, but is not in the ledger`];
    const { quantity, unitPrice, status, refunded, refundedQuantity, payment } = order;
    const units = unitsOf(requested);
    const expected = units === quantity ? "refunded" : "confirmed";
    const isRight =
      refundedQuantity === units &&
      refunded.amount === units * unitPrice.amount &&
      status === expected &&
      payment !== "refund_due" &&
      payment !== "refund_failed";
    const shown = `${status}, ${payment}, with ${refundedQuantity} units and ${refunded.amount} refunded`;
    return isRight
      ? []
      : [`${id}: ${units} of ${quantity} units were refunded, but it is ${shown}`];
  });
}

/**
 * A buyer whose payment method was accepted while the hold ran, and is one that charges, gets the units: the time until the
 * bank's answer is not the buyer's. The same holds for a buyer who answered the bank's question with yes.
 */
export function holdsKept(evidence: Evidence): string[] {
  const { ledgerOrders, orderActions, refunds } = evidence;
  const cancelled = new Set(
    orderActions
      .filter(({ kind, answer }) => kind === "cancel" && mayHaveSucceeded(answer))
      .map(({ id }) => id),
  );
  const returned = new Set(refunds.map(({ id }) => id));
  const paid = paidOrders(evidence);
  return ledgerOrders
    .filter(
      ({ id, status }) =>
        paid.has(id) && !cancelled.has(id) && !returned.has(id) && status !== "confirmed",
    )
    .map(
      ({ id, userId, status, payment }) =>
        `${userId} paid for ${id} in time, but it is ${status}, ${payment}`,
    );
}

const mayHaveSucceeded = (answer: { status: number } | undefined): boolean =>
  answer === undefined || answer.status < 300;

/** Ids of the orders whose buyer did everything that a charge takes. */
export function paidOrders({ purchases, orderActions, authenticated }: Evidence): Set<string> {
  const paid = new Set(authenticated);
  for (const { kind, method, answer, id } of orderActions) {
    if (kind === "pay" && method && CHARGING.has(method) && answer?.status === 202) paid.add(id);
  }
  // Requests under several keys may have found one order. Only the first one brought its payment method.
  const accepted = purchases.flatMap(({ method, answers }) =>
    answers.filter(({ status }) => status === 202).map(({ body }) => ({ id: body.id, method })),
  );
  for (const [id, given] of Map.groupBy(accepted, ({ id }) => id)) {
    if (given.every(({ method }) => method && CHARGING.has(method))) paid.add(id);
  }
  return paid;
}

/** Charges minus refunds, in minor units. */
export function moneyKept(books: Iterable<BankRecord>): number {
  return [...books].reduce((sum, { charged, refunded }) => sum + charged - refunded, 0);
}

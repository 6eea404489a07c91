// What was returned of an order: the operator's refunds, and the money that the payment provider reports as returned. Pure.
/** One refund that the operator requested. */
export interface Refund {
  /** The idempotency key of the request, unique within the order. */
  id: string;
  /** Distinguishes a retry from another request under the same key. */
  fingerprint: string;
  quantity: number;
  /** Money to return, in minor units. Less than quantity × price if the shop returned some at its provider before. */
  amount: number;
  /** Whether the units go back on sale. Otherwise they leave the stock. */
  backOnSale: boolean;
  reason: string;
  /** Milliseconds since 1970. */
  acceptedAt: number;
  /** `due` until the provider reports the outcome. */
  state: "due" | "succeeded" | "failed";
  /** Whether the provider has it and is still working on it, which can take days. */
  isPending?: true;
  /** Whether other refunds had returned the whole charge before, so that the provider made none for this one. */
  isElsewhere?: true;
  /** Whether the units have left the order. Stays true if the bank returns a refund that had succeeded. */
  isTaken: boolean;
}

/** What the provider returned of a charge in total, and when it reported that. Minor units, milliseconds. */
export interface ReturnReport {
  amount: number;
  at: number;
}

/** The stored state. Amounts in minor units. */
export interface Returns {
  /** The provider's total for the charge. Counts the refunds made at the provider, and perhaps those that are due. */
  reported: number;
  /** The time of the newest report that the total follows. Milliseconds. */
  reportedAt: number;
  /** When the total was last lowered, because a refund failed. Older reports no longer count. Milliseconds. */
  correctedAt: number;
  /** What the order showed as returned when a refund was last requested. Keeps a due refund from lowering it. */
  floor: number;
  /** Oldest first. */
  refunds: Refund[];
}

/** The fields of an order's row that count here. */
interface Order {
  quantity: number;
  status: string;
  returns: Returns | null;
}

const NO_RETURNS: Returns = { reported: 0, reportedAt: 0, correctedAt: 0, floor: 0, refunds: [] };

export const returnsOf = ({ returns }: Pick<Order, "returns">): Returns => returns ?? NO_RETURNS;

/** The money of the refunds in one state that the provider made, or is to make. */
export const amountIn = ({ refunds }: Returns, state: Refund["state"]): number =>
  refunds
    .filter((refund) => refund.state === state && !refund.isElsewhere)
    .reduce((sum, { amount }) => sum + amount, 0);

/** The oldest refund whose outcome is open. */
export const dueRefund = (row: Pick<Order, "returns">): Refund | undefined =>
  returnsOf(row).refunds.find(({ state }) => state === "due");

/**
 * The refund to take to the provider: one that it does not have yet, or else any that it is working on. Not always the same
 * one, because the event about another one can get lost.
 */
export function refundToTake(row: Pick<Order, "returns">): Refund | undefined {
  const due = returnsOf(row).refunds.filter(({ state }) => state === "due");
  return due.find(({ isPending }) => !isPending) ?? due[Math.floor(Math.random() * due.length)];
}

/** Units that left the order. */
export const takenUnits = (row: Order): number =>
  row.status === "refunded"
    ? row.quantity
    : returnsOf(row).refunds.reduce(
        (sum, { isTaken, quantity }) => sum + (isTaken ? quantity : 0),
        0,
      );

/** Units that no refund has taken or is about to take. */
export const unitsLeft = (row: Order): number =>
  row.quantity -
  returnsOf(row).refunds.reduce(
    (sum, { isTaken, state, quantity }) => sum + (isTaken || state === "due" ? quantity : 0),
    0,
  );

/**
 * Money that was returned for certain, in minor units. Refunds that are due are subtracted from the provider's total,
 * which includes them from the moment they are made.
 */
export function returnedAmount(returns: Returns): number {
  const { reported, floor } = returns;
  return Math.max(amountIn(returns, "succeeded"), reported - amountIn(returns, "due"), floor);
}

/** Money that was returned or is about to be. The rest can still be refunded. */
export const committedAmount = (returns: Returns): number =>
  Math.max(
    returns.reported,
    amountIn(returns, "succeeded") + amountIn(returns, "due"),
    returns.floor + amountIn(returns, "due"),
  );

// What may happen to an order. Pure decisions: state + command + now → the row to write and the answer;
// no clock, no storage. The object around them loads, decides and commits.
import type { Money } from "../catalog/schema.ts";
import type { Item, OrderRow, Payment } from "./order.ts";

/** Units of a SKU. `available` is always what is left: stocked − held − sold. */
export interface Stock {
  stocked: number;
  held: number;
  sold: number;
}

export const available = ({ stocked, held, sold }: Stock): number => stocked - held - sold;

/** On which terms the SKU sells; times in milliseconds. */
export interface Terms {
  saleId: string;
  skuId: string;
  opensAt: number;
  closesAt: number;
  unitPrice: Money;
  perUserLimit: number;
  holdSeconds: number;
  /** The words that orders keep; absent in terms from before they did. */
  item?: Item;
}

/** What a decision about one user's orders needs to know. `terms` is null when nothing is on sale. */
export interface BuyerState {
  terms: Terms | null;
  stock: Stock;
  /** All orders of this user for this SKU, in any order. */
  mine: OrderRow[];
  /** Keys of attempts that learned the outcome of another one (see `decideReserve`). */
  aliases: Alias[];
}

/** A key that stands for an order which was made under another key. */
export interface Alias {
  key: string;
  fingerprint: string;
  orderId: string;
}

export interface ReserveCommand {
  userId: string;
  /** The id the order gets if it is accepted. */
  orderId: string;
  quantity: number;
  paymentToken?: string;
  idempotencyKey: string;
  fingerprint: string;
  /** When the edge got the request: milliseconds. */
  askedAt: number;
  /** Whether an answer that all is gone should name the buyers, so that the edge can say it to others. */
  wantsBuyers?: boolean;
}

export type ReserveDecision =
  | { ok: true; replayed: boolean; row: OrderRow; alias?: Alias }
  | { ok: false; reason: "not_found" | "idempotency_key_reused" }
  | { ok: false; reason: "sale_not_open"; opensAt: number }
  | { ok: false; reason: "sale_closed"; closesAt: number }
  | { ok: false; reason: "user_limit_reached"; limit: number; orderIds: string[] }
  /** `held`: units that may come back, because their orders wait for money. */
  | { ok: false; reason: "sold_out"; available: number; held: number };

const isFree = (row: Pick<OrderRow, "unitPrice">): boolean => row.unitPrice.amount === 0;

/** A hold ends at `expiresAt`. A free order waits for nobody's money, so its hold does not end. */
export const holdEnded = (row: OrderRow, now: number): boolean =>
  row.status === "reserved" && !isFree(row) && now >= row.expiresAt;

const next = (row: OrderRow, change: Partial<OrderRow>, now: number): OrderRow => ({
  ...row,
  ...change,
  version: row.version + 1,
  changedAt: now,
});

/** The row once its hold has ended; undefined while it has not. */
export function decideExpire(row: OrderRow, now: number): OrderRow | undefined {
  return holdEnded(row, now) ? next(row, { status: "expired" }, now) : undefined;
}

const owns = (row: OrderRow): boolean => row.status === "reserved" || row.status === "confirmed";

const unitsOwned = (mine: OrderRow[]): number =>
  mine.reduce((sum, row) => sum + (owns(row) ? row.quantity : 0), 0);

/**
 * How many orders one user can have for one SKU beside those in their allowance: cancelled, expired,
 * refunded. Nobody changes their mind so often, and each attempt reads them all.
 */
const MAX_FINISHED_ORDERS = 100;

/** No request is on its way for longer; an order from further ahead was made before a clock was set back. */
const MAX_FLIGHT_MS = 30_000;

/**
 * A retry is recognised before anything else, so that it can never cost the buyer the unit they hold. One
 * user's attempts are one at a time: a second one, under another key, that was on its way while the first
 * was decided learns the first one's outcome.
 */
export function decideReserve(
  state: BuyerState,
  cmd: ReserveCommand,
  now: number,
): ReserveDecision {
  const { terms, stock, mine } = state;
  const before = answeredBefore(state, cmd);
  if (before) return before;
  if (!terms) return { ok: false, reason: "not_found" };
  if (now < terms.opensAt) return { ok: false, reason: "sale_not_open", opensAt: terms.opensAt };
  if (now >= terms.closesAt) return { ok: false, reason: "sale_closed", closesAt: terms.closesAt };
  const tooMany = mine.length >= terms.perUserLimit + MAX_FINISHED_ORDERS;
  if (tooMany || unitsOwned(mine) + cmd.quantity > terms.perUserLimit) {
    const orderIds = mine.filter(owns).map((row) => row.orderId);
    return { ok: false, reason: "user_limit_reached", limit: terms.perUserLimit, orderIds };
  }
  const flight = (row: OrderRow) => row.createdAt - cmd.askedAt;
  const twin = mine.find((row) => owns(row) && flight(row) > 0 && flight(row) < MAX_FLIGHT_MS);
  if (twin) {
    const { idempotencyKey: key, fingerprint } = cmd;
    const alias = { key, fingerprint, orderId: twin.orderId };
    return { ok: true, replayed: true, row: twin, alias };
  }
  if (available(stock) < cmd.quantity) {
    const held = isFree(terms) ? 0 : stock.held;
    return { ok: false, reason: "sold_out", available: available(stock), held };
  }
  return { ok: true, replayed: false, row: reservedRow(terms, cmd, now) };
}

/** The stored answer of a key that was used before. */
function answeredBefore(
  { mine, aliases }: BuyerState,
  { idempotencyKey, fingerprint }: ReserveCommand,
): ReserveDecision | undefined {
  const alias = aliases.find(({ key }) => key === idempotencyKey);
  const row = mine.find((order) =>
    alias ? order.orderId === alias.orderId : order.idempotencyKey === idempotencyKey,
  );
  if (!row) return undefined;
  return (alias ?? row).fingerprint === fingerprint
    ? { ok: true, replayed: true, row }
    : { ok: false, reason: "idempotency_key_reused" };
}

function reservedRow(terms: Terms, cmd: ReserveCommand, now: number): OrderRow {
  const wantsMoney = terms.unitPrice.amount > 0 && cmd.paymentToken !== undefined;
  return {
    userId: cmd.userId,
    orderId: cmd.orderId,
    saleId: terms.saleId,
    skuId: terms.skuId,
    quantity: cmd.quantity,
    unitPrice: terms.unitPrice,
    status: "reserved",
    createdAt: now,
    expiresAt: now + terms.holdSeconds * 1_000,
    version: 1,
    changedAt: now,
    acknowledged: 0,
    payment: wantsMoney ? { token: cmd.paymentToken as string, state: "due" } : null,
    reason: null,
    item: terms.item ?? null,
    idempotencyKey: cmd.idempotencyKey,
    fingerprint: cmd.fingerprint,
  };
}

/** An order decision: the row as it now is, and whether it must be written. */
export type OrderDecision<Reason extends string> =
  | { ok: true; changed: boolean; row: OrderRow }
  | { ok: false; reason: Reason };

const unchanged = (row: OrderRow) => ({ ok: true, changed: false, row }) as const;
const changed = (row: OrderRow) => ({ ok: true, changed: true, row }) as const;

/** Attaches a payment method. Paying twice with the same token is one payment. */
export function decidePay(
  row: OrderRow,
  token: string,
  now: number,
): OrderDecision<"order_not_payable"> {
  if (row.payment?.token === token) return unchanged(row);
  if (row.status !== "reserved" || row.payment || isFree(row) || holdEnded(row, now)) {
    return { ok: false, reason: "order_not_payable" };
  }
  return changed(next(row, { payment: { token, state: "due" } }, now));
}

/** The buyer gives a reserved order back. Money that may be on its way is dealt with by the saga. */
export function decideCancel(row: OrderRow, now: number): OrderDecision<"order_not_cancellable"> {
  if (row.status === "cancelled") return unchanged(row);
  if (row.status !== "reserved" || holdEnded(row, now)) {
    return { ok: false, reason: "order_not_cancellable" };
  }
  return changed(next(row, { status: "cancelled", reason: "buyer" }, now));
}

/** What the consumer must do about an order's money before its version can be acknowledged. */
export type MoneyStep = "none" | "charge" | "void" | "refund";

export function moneyStep(row: OrderRow): MoneyStep {
  if (row.payment?.state === "refund_due") return "refund";
  if (row.payment?.state !== "due") return "none";
  return row.status === "reserved" ? "charge" : "void";
}

/** What became of the money, as far as the gateway could say. */
export type MoneyOutcome =
  | { outcome: "charged"; chargeId: string }
  | { outcome: "declined"; reason: string }
  | { outcome: "voided" }
  | { outcome: "refunded" };

/** A free order needs nobody's money: the consumer's visit is what confirms it. */
export function decideConfirmFree(row: OrderRow, now: number): OrderRow | undefined {
  return row.status === "reserved" && isFree(row)
    ? next(row, { status: "confirmed" }, now)
    : undefined;
}

/**
 * Applies what the gateway said. Returns the new row, or undefined when nothing changes: outcomes are
 * delivered at least once and in any order. Money that lands after the hold ended is honoured while
 * units and the buyer's limit allow; after a cancellation, never.
 */
export function decideSettle(
  { terms, stock, mine }: BuyerState,
  row: OrderRow,
  outcome: MoneyOutcome,
  now: number,
): OrderRow | undefined {
  const { payment, status } = row;
  if (!payment) return undefined;
  const paid = (state: Payment["state"]): Payment => ({ ...payment, state });
  switch (outcome.outcome) {
    case "charged": {
      // After `voided` no charge should succeed; if one did, the money must not stay with us unseen.
      if (payment.state !== "due" && payment.state !== "voided") return undefined;
      const charged = { ...paid("charged"), chargeId: outcome.chargeId };
      const limit = terms?.perUserLimit ?? 0;
      const fits = available(stock) >= row.quantity && unitsOwned(mine) + row.quantity <= limit;
      if (status === "reserved" || (status === "expired" && fits)) {
        return next(row, { status: "confirmed", payment: charged }, now);
      }
      return next(row, { payment: { ...charged, state: "refund_due" } }, now);
    }
    case "declined":
      if (payment.state !== "due") return undefined;
      return status === "reserved"
        ? next(row, { status: "cancelled", reason: outcome.reason, payment: paid("declined") }, now)
        : next(row, { payment: paid("declined") }, now);
    case "voided":
      if (payment.state !== "due" || status === "reserved") return undefined;
      return next(row, { payment: paid("voided") }, now);
    case "refunded":
      // Due by us, or made by the shop at its payment provider: the units go back on sale.
      if (payment.state !== "refund_due" && payment.state !== "charged") return undefined;
      return next(row, { status: "refunded", payment: paid("refunded") }, now);
  }
}

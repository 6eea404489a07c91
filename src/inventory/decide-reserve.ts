// Whether a buyer gets units. A pure decision: state + command + now → the row to write, the answer of an
// earlier attempt, or the one reason for the refusal.
import type { AdmissionDecision } from "../admission/decision.ts";
import type { Money } from "../values/money.ts";
import type { Lease } from "./allowance/decide.ts";
import {
  type Alias,
  available,
  type BuyerState,
  isFree,
  owns,
  type Terms,
  unitsOwned,
} from "./decide-order.ts";
import { pausedFrom } from "./hold-clock.ts";
import type { OrderRow } from "./order.ts";
import { type AfterUnpaidHolds, refuseUnpaid, type UnpaidRefusal } from "./unpaid-holds.ts";

export interface ReserveCommand {
  userId: string;
  /** The id of the order, if it is accepted. */
  orderId: string;
  quantity: number;
  paymentToken?: string;
  /** Where the provider sends its receipt. */
  receiptEmail?: string;
  /** The price that the buyer saw. Absent: any price is accepted. */
  unitPrice?: Money;
  /** The buyer's ticket, and the newest pass that the edge has. Not verified yet. */
  ticket?: string;
  pass?: string;
  idempotencyKey: string;
  fingerprint: string;
  /** A keyed hash of the address block (see `Traces`). Absent if the address is not known. */
  network?: string;
  /** The id of the request, for the log. */
  requestId?: string;
  /** When the edge received the request: milliseconds. */
  askedAt: number;
  /** The right to take the units from the buyer's allowance of the sale, and the limit that it was granted under. */
  lease?: Lease & { saleId: string; limit: number };
  /** Whether a refusal that applies to everyone includes the buyers, so that the edge can refuse all others itself. */
  wantsBuyers?: boolean;
  /** Only looks up the order of the key. Answers `no_such_order` instead of making one. */
  lookUpOnly?: boolean;
  /** Whether a switch stops all orders. Comes with `lookUpOnly`. */
  isStopped?: boolean;
  /** What to demand after unpaid holds. Absent if the order comes with a payment that counts. */
  afterUnpaidHolds?: AfterUnpaidHolds;
}

export type ReserveDecision =
  | { ok: true; replayed: boolean; row: OrderRow; alias?: Alias }
  | { ok: false; reason: "not_found" | "idempotency_key_reused" | "no_such_order" }
  | { ok: false; reason: "sale_not_open"; opensAt: number }
  | { ok: false; reason: "sale_closed"; closesAt: number }
  | { ok: false; reason: "user_limit_reached"; limit: number; orderIds: string[] }
  /** The sale limits its units per person, and the command has no lease that still counts. */
  | { ok: false; reason: "lease_required"; saleId: string; limit: number }
  /** `held`: units that may come back, because their orders await payment. */
  | { ok: false; reason: "sold_out"; available: number; held: number }
  | { ok: false; reason: "price_changed"; unitPrice: Money }
  | Exclude<AdmissionDecision, { ok: true }>
  | UnpaidRefusal;

/**
 * Most orders that one user can have for one SKU beyond the allowance: cancelled, expired, refunded. No buyer
 * changes their mind this often, and each attempt reads all of them.
 */
const MAX_FINISHED_ORDERS = 100;

/** Most aliases of one user. Each is a row that later attempts read. */
const MAX_ALIASES = 100;

/** Longest a request can be in flight. A larger gap means a clock moved, so it is not a concurrent duplicate. */
const MAX_FLIGHT_MS = 30_000;

/**
 * Recognizes a retry before anything else, so that a retry never costs the buyer the unit they hold. One user's
 * attempts run one at a time: an attempt under another key that was in flight while the first one was decided
 * gets the order of the first.
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
    const isStored = state.aliases.length < MAX_ALIASES;
    return { ok: true, replayed: true, row: twin, ...(isStored ? { alias } : {}) };
  }
  if (available(stock) < cmd.quantity) {
    const held = isFree(terms) ? 0 : stock.held;
    return { ok: false, reason: "sold_out", available: available(stock), held };
  }
  if (cmd.lookUpOnly) return { ok: false, reason: "no_such_order" };
  if (state.admission?.ok === false) return state.admission;
  if (cmd.unitPrice && !samePrice(cmd.unitPrice, terms.unitPrice)) {
    return { ok: false, reason: "price_changed", unitPrice: terms.unitPrice };
  }
  const unpaid = refuseUnpaid(mine, terms, cmd.afterUnpaidHolds, now);
  if (unpaid) return unpaid;
  const { saleId, saleLimit } = terms;
  if (saleLimit !== undefined && !isLeased(cmd, saleId, saleLimit, now)) {
    return { ok: false, reason: "lease_required", saleId, limit: saleLimit };
  }
  return { ok: true, replayed: false, row: reservedRow(terms, cmd, now) };
}

/** A lease under a higher limit than the present one may be too much. */
const isLeased = (
  { lease }: ReserveCommand,
  saleId: string,
  saleLimit: number,
  now: number,
): boolean => lease?.saleId === saleId && lease.limit <= saleLimit && now < lease.until;

const samePrice = (a: Money, b: Money): boolean =>
  a.amount === b.amount && a.currency === b.currency;

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
  const row: OrderRow = {
    userId: cmd.userId,
    orderId: cmd.orderId,
    saleId: terms.saleId,
    skuId: terms.skuId,
    quantity: cmd.quantity,
    unitPrice: terms.unitPrice,
    status: "reserved",
    createdAt: now,
    expiresAt: now + terms.holdSeconds * 1_000,
    acceptedUntil: null,
    version: 1,
    changedAt: now,
    acknowledged: 0,
    owedSince: null,
    payment: null,
    reason: null,
    returns: null,
    dispute: null,
    traces: cmd.network === undefined ? null : { network: cmd.network },
    item: terms.item ?? null,
    counted: null,
    idempotencyKey: cmd.idempotencyKey,
    fingerprint: cmd.fingerprint,
  };
  if (isFree(terms) || cmd.paymentToken === undefined) return row;
  const { paymentToken: token, receiptEmail } = cmd;
  const method = { token, ...(receiptEmail ? { receiptEmail } : {}) };
  const payment = { ...method, state: "due", attempt: 1 } as const;
  return { ...row, ...pausedFrom(row.expiresAt, payment, now) };
}

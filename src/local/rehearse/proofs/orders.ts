// The proofs about orders: answers to buyers, the ledger and the read model agree.
import { isDeepStrictEqual } from "node:util";
import type { Answer, LedgerOrder } from "../../client.ts";
import { outcome } from "../contract.ts";
import { acceptedIds, type Evidence } from "../evidence.ts";
import type { OrderAction } from "../recorder.ts";
import { unitsKept } from "./available-units.ts";
import { toleranceOf } from "./timeline.ts";

/** Refusals that tell the buyer when, or at what price, to repeat the request. */
const REPEATABLE = ["sale_not_open", "price_changed", "not_admitted_yet"];
const FINAL = ["confirmed", "cancelled", "expired", "refunded"];

/** Every accepted order is in the ledger under its buyer, final, and hidden from other buyers. */
export function acceptedOrders(evidence: Evidence): string[] {
  const { sku, purchases, ledgerOrders, shown, after, refunds, orderActions } = evidence;
  const refunded = new Set(refunds.map(({ id }) => id));
  // A buyer may cancel a free order in the moment before it is confirmed.
  const cancels = orderActions.filter(
    ({ kind, answer }) => kind === "cancel" && answer?.status !== 409,
  );
  const cancelled = new Set(cancels.map(({ id }) => id));
  const finalOf = (id: string) =>
    sku.unitPrice.amount > 0
      ? FINAL
      : [
          "confirmed",
          ...(refunded.has(id) ? ["refunded"] : []),
          ...(cancelled.has(id) ? ["cancelled"] : []),
        ];
  const ledger = new Map(ledgerOrders.map((order) => [order.id, order]));
  const violations =
    after.unacknowledged > 0 ? [`${after.unacknowledged} orders are still unacknowledged`] : [];
  for (const [user, ids] of acceptedIds(purchases)) {
    for (const id of ids) {
      const { owner, stranger } = shown.get(id) ?? {};
      const status = owner?.status === 200 ? owner.body.status : (owner?.status ?? "no answer");
      if (ledger.get(id)?.userId !== user) {
        violations.push(`${user}: accepted order ${id} is not theirs in the ledger`);
      }
      const final = finalOf(id);
      if (!final.includes(String(status))) {
        violations.push(`${user}: accepted order ${id} is ${status}, not ${final.join(" or ")}`);
      }
      if (stranger !== undefined && stranger.status !== 404) {
        violations.push(`${user}: another buyer got ${stranger.status} for order ${id}, not 404`);
      }
    }
  }
  return violations;
}

/** Concurrent payments and cancellations of an order lead to one outcome, and no answer contradicts it. */
export function singleOutcome(evidence: Evidence): string[] {
  const ofOrder = Map.groupBy(evidence.orderActions, ({ id }) => id);
  const tolerance = toleranceOf(evidence);
  return evidence.ledgerOrders.flatMap((order) => {
    const actions = ofOrder.get(order.id) ?? [];
    const kinds = (of: OrderAction[]) => new Set(of.map(({ kind }) => kind));
    const succeeded = kinds(
      actions.filter(({ answer }) => answer !== undefined && answer.status < 300),
    );
    const unknown = kinds(actions.filter(({ answer }) => answer === undefined));
    const { id, userId: user, status, payment, reason } = order;
    const isCanceled = status === "cancelled" || status === "refunded";
    const mayBeCanceled = succeeded.has("cancel") || unknown.has("cancel");
    const isUntouched = payment === undefined && succeeded.size + unknown.size === 0;
    const refusedInTime = actions.filter(
      ({ answer }) =>
        answer !== undefined &&
        answer.status >= 300 &&
        answer.sentAt + answer.ms < Date.parse(order.expiresAt) - tolerance,
    );
    return [
      ...(succeeded.has("pay") && payment === undefined
        ? [`${user} paid for ${id}, but the order has no payment`]
        : []),
      ...(succeeded.has("cancel") && !isCanceled
        ? [`${user} canceled ${id}, but it is ${status}`]
        : []),
      ...(reason === "buyer" && !mayBeCanceled
        ? [`${id} was canceled by its buyer, but ${user} did not cancel it`]
        : []),
      // Free orders are confirmed at any time, so a refusal proves nothing.
      ...(isUntouched && order.unitPrice.amount > 0 ? refusedInTime : []).map(
        ({ kind }) => `${user} could not ${kind} ${id} while it was reserved`,
      ),
    ];
  });
}

/** Every order in the ledger was in an answer to its buyer, unless one of their outcomes is unknown. */
export function reportedOrders({ purchases, ledgerOrders }: Evidence): string[] {
  const reported = acceptedIds(purchases);
  const unsure = new Set(
    purchases.filter(({ outcomeUnknown }) => outcomeUnknown).map(({ user }) => user),
  );
  return ledgerOrders
    .filter(({ id, userId }) => !reported.get(userId)?.has(id) && !unsure.has(userId))
    .map(({ id, userId }) => `${userId} has order ${id}, but no answer contained it`);
}

/**
 * All answers under one key agree, and all but the first 202 are marked as replayed. A buyer whose two attempts were under
 * way together may get the order of one for both. Then only one key has an answer that is not marked.
 */
export function idempotency({ purchases, ledgerOrders, history }: Evidence): string[] {
  // Refusals are not stored: a repeat may succeed after units were returned or the sale was edited.
  const keepsAll = (order: LedgerOrder) => unitsKept(order) === order.quantity;
  const mayChange = history.length > 1 || !ledgerOrders.every(keepsAll);
  const madeElsewhere = new Set(
    purchases.flatMap(({ answers }) => answers.filter(isFresh).map(({ body }) => body.id)),
  );
  return purchases.flatMap(({ key, answers: all, outcomeUnknown }) => {
    const answers = all.filter((answer) => !REPEATABLE.includes(outcome(answer)));
    const first = answers.findIndex(({ status }) => status === 202);
    const accepted = answers.filter(({ status }) => status === 202);
    const isRefusedLater = first >= 0 && answers.slice(first).length > accepted.length;
    if (isRefusedLater || (first > 0 && !mayChange)) {
      return [`${key}: ${answers.map(outcome).join(", ")}`];
    }
    if (accepted.some(({ body }) => !isDeepStrictEqual(body, accepted[0]?.body))) {
      const bodies = JSON.stringify(accepted.map(({ body }) => body));
      return [`${key}: the 202 answers differ: ${bodies}`];
    }
    const fresh = accepted.filter(isFresh);
    const isMade = outcomeUnknown || madeElsewhere.has(accepted[0]?.body.id ?? "");
    const isWrong = accepted.length > 0 && (fresh.length > 1 || (fresh.length === 0 && !isMade));
    return isWrong ? [`${key}: ${fresh.length} 202 answers are not marked as replayed`] : [];
  });
}

const isFresh = ({ status, headers }: Answer): boolean =>
  status === 202 && headers.get("idempotent-replayed") !== "true";

/** Orders read by id and in lists equal those in the ledger and come from the read model. */
export function readModel({ ledgerOrders, shown, lists }: Evidence): string[] {
  const ofUser = Map.groupBy(ledgerOrders, ({ userId }) => userId);
  const violations = [...lists].flatMap(([user, list]) => {
    const own = ofUser.get(user) ?? [];
    const isSame =
      list.length === own.length && list.every((order) => own.some((one) => agree(order, one)));
    return isSame
      ? []
      : [`${user}: GET /api/orders ${JSON.stringify(list)}, ledger ${JSON.stringify(own)}`];
  });
  const byId = new Map(ledgerOrders.map((order) => [order.id, order]));
  for (const [id, { owner }] of shown) {
    const inLedger = byId.get(id);
    const servedFrom = owner?.headers.get("x-served-from");
    if (owner?.status === 200 && inLedger !== undefined && !agree(owner.body, inLedger)) {
      const bodies = `${JSON.stringify(owner.body)}, ledger ${JSON.stringify(inLedger)}`;
      violations.push(`${id}: GET /api/orders/{id} ${bodies}`);
    }
    if (owner?.status === 200 && servedFrom !== "read-model") {
      violations.push(`${id}: final, but X-Served-From is ${servedFrom ?? "absent"}`);
    }
  }
  return violations;
}

/** Whether the fields that both have are equal. */
function agree(shown: object, inLedger: object): boolean {
  const other = new Map(Object.entries(inLedger));
  return Object.entries(shown).every(
    ([field, value]) => !other.has(field) || isDeepStrictEqual(value, other.get(field)),
  );
}

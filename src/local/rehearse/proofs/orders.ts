// The proofs about orders: what buyers were told, what the ledger knows and what reading shows agree.
import { isDeepStrictEqual } from "node:util";
import { outcome } from "../contract.ts";
import { acceptedIds, type Evidence } from "../evidence.ts";
import type { Deed } from "../record.ts";
import { holdsUnits } from "./free-units.ts";
import { slackOf } from "./timeline.ts";

/** Refusals that say when, or how, to ask again. */
const TOO_EARLY = ["sale_not_open", "price_changed"];
const FINAL = ["confirmed", "cancelled", "expired", "refunded"];

export function accepted({ sku, purchases, ledgerOrders, shown, after }: Evidence): string[] {
  const final = sku.unitPrice.amount === 0 ? ["confirmed"] : FINAL;
  const ledger = new Map(ledgerOrders.map((order) => [order.id, order]));
  const faults =
    after.unacknowledged > 0 ? [`${after.unacknowledged} orders still unacknowledged`] : [];
  for (const [user, ids] of acceptedIds(purchases)) {
    for (const id of ids) {
      const { owner, stranger } = shown.get(id) ?? {};
      const seen = owner?.status === 200 ? owner.body.status : (owner?.status ?? "nothing");
      if (ledger.get(id)?.userId !== user) {
        faults.push(`${user}: accepted order ${id} is not theirs in the ledger`);
      }
      if (!final.includes(String(seen))) {
        faults.push(`${user}: accepted order ${id} reads ${seen}, not ${final.join(" or ")}`);
      }
      if (stranger !== undefined && stranger.status !== 404) {
        faults.push(`${user}: order ${id} answers a stranger with ${stranger.status}, not 404`);
      }
    }
  }
  return faults;
}

/** Whatever was done to an order at the same time, one thing became of it, and nobody was told another. */
export function deeds(evidence: Evidence): string[] {
  const ofOrder = Map.groupBy(evidence.deeds, ({ id }) => id);
  const slack = slackOf(evidence);
  return evidence.ledgerOrders.flatMap((order) => {
    const mine = ofOrder.get(order.id) ?? [];
    const kinds = (of: Deed[]) => new Set(of.map(({ kind }) => kind));
    const done = kinds(mine.filter(({ answer }) => answer !== undefined && answer.status < 300));
    const perhaps = kinds(mine.filter(({ answer }) => answer === undefined));
    const { id, userId: user, status, payment, reason } = order;
    const isBack = status === "cancelled" || status === "refunded";
    const wasGivenBack = done.has("give back") || perhaps.has("give back");
    const isUntouched = payment === undefined && done.size + perhaps.size === 0;
    const refusedInTime = mine.filter(
      ({ answer }) =>
        answer !== undefined &&
        answer.status >= 300 &&
        answer.sentAt + answer.ms < Date.parse(order.expiresAt) - slack,
    );
    return [
      ...(done.has("pay") && payment === undefined
        ? [`${user} paid for ${id}, which knows of no payment`]
        : []),
      ...(done.has("give back") && !isBack ? [`${user} gave ${id} back, yet it is ${status}`] : []),
      ...(reason === "buyer" && !wasGivenBack ? [`${id} says that ${user} gave it back`] : []),
      // A free order is confirmed at any time.
      ...(isUntouched && order.unitPrice.amount > 0 ? refusedInTime : []).map(
        ({ kind }) => `${user} could not ${kind} ${id} while it was reserved`,
      ),
    ];
  });
}

export function told({ purchases, ledgerOrders }: Evidence): string[] {
  const known = acceptedIds(purchases);
  const unsure = new Set(purchases.filter(({ gaveUp }) => gaveUp).map(({ user }) => user));
  return ledgerOrders
    .filter(({ id, userId }) => !known.get(userId)?.has(id) && !unsure.has(userId))
    .map(({ id, userId }) => `${userId} has order ${id} and was never told`);
}

export function oneAnswer({ purchases, ledgerOrders, history }: Evidence): string[] {
  // Refusals are not kept: asking again may help once units came back or the sale was changed.
  const mayChange = history.length > 1 || !ledgerOrders.every(holdsUnits);
  return purchases.flatMap(({ key, answers: all, gaveUp }) => {
    const answers = all.filter((answer) => !TOO_EARLY.includes(outcome(answer)));
    const first = answers.findIndex(({ status }) => status === 202);
    const yes = answers.filter(({ status }) => status === 202);
    const refusedAfter = first >= 0 && answers.slice(first).length > yes.length;
    if (refusedAfter || (first > 0 && !mayChange)) {
      return [`${key}: ${answers.map(outcome).join(", ")}`];
    }
    if (yes.some(({ body }) => !isDeepStrictEqual(body, yes[0]?.body))) {
      return [`${key}: its 202 answers differ: ${JSON.stringify(yes.map(({ body }) => body))}`];
    }
    const fresh = yes.filter(({ headers }) => headers.get("idempotent-replayed") !== "true");
    const wrong = yes.length > 0 && (fresh.length > 1 || (fresh.length === 0 && !gaveUp));
    return wrong ? [`${key}: ${fresh.length} of its 202 answers are not marked as replayed`] : [];
  });
}

export function readModel({ ledgerOrders, shown, lists }: Evidence): string[] {
  const ofUser = Map.groupBy(ledgerOrders, ({ userId }) => userId);
  const faults = [...lists].flatMap(([user, list]) => {
    const truth = ofUser.get(user) ?? [];
    const same =
      list.length === truth.length && list.every((order) => truth.some((t) => agree(order, t)));
    return same
      ? []
      : [`${user}: GET /api/orders ${JSON.stringify(list)}, ledger ${JSON.stringify(truth)}`];
  });
  const byId = new Map(ledgerOrders.map((order) => [order.id, order]));
  for (const [id, { owner }] of shown) {
    const truth = byId.get(id);
    const from = owner?.headers.get("x-served-from");
    if (owner?.status === 200 && truth !== undefined && !agree(owner.body, truth)) {
      faults.push(`${id}: read ${JSON.stringify(owner.body)}, ledger ${JSON.stringify(truth)}`);
    }
    if (owner?.status === 200 && from !== "read-model") {
      faults.push(`${id}: settled, yet served from ${from ?? "nobody knows where"}`);
    }
  }
  return faults;
}

/** Whether every field that both show is the same. */
function agree(shown: object, truth: object): boolean {
  const other = new Map(Object.entries(truth));
  return Object.entries(shown).every(
    ([field, value]) => !other.has(field) || isDeepStrictEqual(value, other.get(field)),
  );
}

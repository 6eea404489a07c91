// The proofs about orders: what buyers were told, what the ledger knows and what reading shows agree.
import { isDeepStrictEqual } from "node:util";
import { outcome } from "./contract.ts";
import { acceptedIds, type Evidence } from "./evidence.ts";
import { holdsUnits } from "./unit-checks.ts";

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

export function deeds({ deeds, ledgerOrders }: Evidence): string[] {
  const ledger = new Map(ledgerOrders.map((order) => [order.id, order]));
  return deeds.flatMap(({ kind, user, id, answer }) => {
    const { status = "unknown", payment } = ledger.get(id) ?? {};
    if (answer.status >= 300) {
      return [];
    }
    if (kind === "pay") {
      return payment === undefined ? [`${user} paid for ${id}, which knows of no payment`] : [];
    }
    const back = status === "cancelled" || status === "refunded";
    return back ? [] : [`${user} gave ${id} back, yet it is ${status}`];
  });
}

export function told({ purchases, ledgerOrders }: Evidence): string[] {
  const known = acceptedIds(purchases);
  const unsure = new Set(purchases.filter(({ gaveUp }) => gaveUp).map(({ user }) => user));
  return ledgerOrders
    .filter(({ id, userId }) => !known.get(userId)?.has(id) && !unsure.has(userId))
    .map(({ id, userId }) => `${userId} has order ${id} and was never told`);
}

export function oneAnswer({ purchases, ledgerOrders }: Evidence): string[] {
  const unitsReturned = !ledgerOrders.every(holdsUnits);
  return purchases.flatMap(({ key, answers, gaveUp }) => {
    const first = answers.findIndex(({ status }) => status === 202);
    const yes = answers.filter(({ status }) => status === 202);
    const refusedAfter = first >= 0 && answers.slice(first).length > yes.length;
    // Refusals are not kept: who asks again when units came back may get one.
    if (refusedAfter || (first > 0 && !unitsReturned)) {
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

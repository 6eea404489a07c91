// The proofs: each looks at the evidence and lists what contradicts one promise. Pure, so that a test
// can hand them a fabricated oversell and see it found.
import { isDeepStrictEqual } from "node:util";
import type { LedgerOrder } from "../client.ts";
import { outcome } from "./contract.ts";
import { acceptedIds, type Evidence } from "./evidence.ts";
import type { Purchase } from "./record.ts";

/** A promise, and everything found that breaks it; held if nothing was. */
export interface Verdict {
  promise: string;
  violations: string[];
}

const PROMISES: [string, (evidence: Evidence) => string[]][] = [
  ["stocked = available + held + sold", balance],
  ["units sold = stock or demand", soldOut],
  ["nobody has more than their limit", limits],
  ["nobody was told sold_out while units were left", trueRefusals],
  ["every accepted order is confirmed and readable by its owner alone", accepted],
  ["every order in the ledger was told to its buyer", told],
  ["one key, one answer", oneAnswer],
  ["ledger = read model", readModel],
  ["every answer is one of the contract's", ({ breaches }) => counted(breaches)],
  ["the Worker logged no warning", ({ log }) => counted(tally(log))],
];

/** Holds the evidence against every promise. */
export function verify(evidence: Evidence): Verdict[] {
  return PROMISES.map(([promise, check]) => ({ promise, violations: check(evidence) }));
}

function balance({ after }: Evidence): string[] {
  const { stocked, available, held, sold } = after;
  const sound = stocked === available + held + sold && Math.min(available, held, sold) >= 0;
  return sound ? [] : [`stocked ${stocked}, available ${available}, held ${held}, sold ${sold}`];
}

function soldOut({ before, after, purchases, sku }: Evidence): string[] {
  const units = after.sold + after.held - before.sold - before.held;
  // Whoever was never given an answer may or may not have a unit.
  const most = Math.min(before.available, demand(purchases, sku.perUserLimit));
  const least = Math.min(before.available, demand(purchases.filter(answered), sku.perUserLimit));
  const expected = least === most ? String(most) : `${least} to ${most}`;
  return units >= least && units <= most ? [] : [`${units} units sold, ${expected} expected`];
}

function answered({ answers, gaveUp }: Purchase): boolean {
  return answers.length > 0 && !gaveUp;
}

function demand(purchases: Purchase[], limit: number): number {
  const wishes = tally(purchases.map(({ user }) => user));
  return [...wishes.values()].reduce((sum, wished) => sum + Math.min(wished, limit), 0);
}

function limits({ ledgerOrders, sku }: Evidence): string[] {
  const units = new Map<string, number>();
  for (const { userId, quantity } of ledgerOrders.filter(holdsUnits)) {
    units.set(userId, (units.get(userId) ?? 0) + quantity);
  }
  return [...units]
    .filter(([, held]) => held > sku.perUserLimit)
    .map(([user, held]) => `${user} has ${held} units, the limit is ${sku.perUserLimit}`);
}

function holdsUnits({ status }: LedgerOrder): boolean {
  return status === "reserved" || status === "confirmed";
}

function trueRefusals({ purchases, after, ledgerOrders, sku }: Evidence): string[] {
  const owned = tally(ledgerOrders.filter(holdsUnits).map(({ userId }) => userId));
  return purchases.flatMap(({ user, answers }) => {
    const codes = answers.map(outcome);
    const false_ = [];
    if (codes.includes("sold_out") && after.available > 0 && ledgerOrders.every(holdsUnits)) {
      false_.push(`${user} was told sold_out, yet ${after.available} units are left`);
    }
    if (codes.includes("user_limit_reached") && (owned.get(user) ?? 0) < sku.perUserLimit) {
      false_.push(`${user} was told user_limit_reached, yet has ${owned.get(user) ?? 0} units`);
    }
    return false_;
  });
}

function accepted({ purchases, ledgerOrders, shown, after }: Evidence): string[] {
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
      if (seen !== "confirmed") {
        faults.push(`${user}: accepted order ${id} reads ${seen}, not confirmed`);
      }
      if (stranger !== undefined && stranger.status !== 404) {
        faults.push(`${user}: order ${id} answers a stranger with ${stranger.status}, not 404`);
      }
    }
  }
  return faults;
}

function told({ purchases, ledgerOrders }: Evidence): string[] {
  const known = acceptedIds(purchases);
  const unsure = new Set(purchases.filter(({ gaveUp }) => gaveUp).map(({ user }) => user));
  return ledgerOrders
    .filter(({ id, userId }) => !known.get(userId)?.has(id) && !unsure.has(userId))
    .map(({ id, userId }) => `${userId} has order ${id} and was never told`);
}

function oneAnswer({ purchases, ledgerOrders }: Evidence): string[] {
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

function readModel({ ledgerOrders, shown, lists }: Evidence): string[] {
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

function tally(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

function counted(counts: Map<string, number>): string[] {
  return [...counts].map(([text, times]) => (times > 1 ? `${text} (${times} times)` : text));
}

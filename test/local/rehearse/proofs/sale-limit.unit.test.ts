// The proof about the limit of a whole sale: fabricated evidence of each violation is detected, and correct evidence passes.
import { expect, test } from "vitest";
import type { Answer, Order } from "../../../../src/local/client.ts";
import type { Evidence } from "../../../../src/local/rehearse/evidence.ts";
import {
  answer,
  at,
  broken,
  claims,
  correctSale,
  NOW,
  order,
  purchase,
  version,
} from "../evidence.ts";

const CLAIM = "nobody exceeds the limit of a whole sale, and nobody below it is refused for it";
const REFUSED = answer(409, {
  code: "user_limit_reached",
  scope: "sale",
}) as unknown as Answer<Order>;

/** A size of a sale with a limit of one, of which these people have a unit each. */
function size(id: string, users: string[]): Evidence {
  const sale = correctSale();
  const mine = users.map((userId) => ({ ...order(`${id}-${userId}`), skuId: id, userId }));
  return {
    ...sale,
    sku: { ...sale.sku, id },
    history: [version({ id }, { perUserLimit: 1 })],
    after: { ...sale.after, available: 2 - mine.length, sold: mine.length },
    ledgerOrders: mine,
    purchases: mine.map((own) => purchase(own.userId, own.id, answer(202, own as Order))),
    shown: new Map(),
    lists: new Map(),
  };
}

const brokenOf = (...skus: Evidence[]) => broken(skus[0] as Evidence, { skus }).includes(CLAIM);

test("a sale without a limit has no such proof, and one that refused nobody observes nothing", () => {
  expect(claims("not observed", { skus: [correctSale()] })).not.toContain(CLAIM);
  expect(claims("held", { skus: [correctSale()] })).not.toContain(CLAIM);
  expect(claims("not observed", { skus: [size("m", ["ann"])] })).toContain(CLAIM);
});

test("accepts the refusal of who has a unit of another size, and detects that of who has none", () => {
  const [m, l] = [size("m", ["ann"]), size("l", [])];
  l.purchases.push(purchase("ann", "ann-l", at(NOW + 100, REFUSED)));
  expect(claims("held", { skus: [m, l] })).toContain(CLAIM);
  l.purchases.push(purchase("bob", "bob-l", at(NOW + 100, REFUSED)));
  expect(brokenOf(m, l)).toBe(true);
});

test("detects a person with a unit of each size, but not two people", () => {
  expect(brokenOf(size("m", ["ann"]), size("l", ["ann"]))).toBe(true);
  expect(brokenOf(size("m", ["ann"]), size("l", ["bob"]))).toBe(false);
});

test("detects the refusal of a person whose only hold was over, and not while it ran", () => {
  const [m, l] = [size("m", ["ann"]), size("l", [])];
  const [own] = m.ledgerOrders;
  if (own) Object.assign(own, { status: "expired", unitPrice: { amount: 1, currency: "USD" } });
  const holdEnds = Date.parse(own?.expiresAt ?? "");
  l.purchases = [purchase("ann", "ann-l", at(holdEnds - 1_000, REFUSED))];
  expect(brokenOf(m, l)).toBe(false);
  l.purchases = [purchase("ann", "ann-l", at(holdEnds + 1_000, REFUSED))];
  expect(brokenOf(m, l)).toBe(true);
});

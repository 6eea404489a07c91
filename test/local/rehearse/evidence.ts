// Fabricated evidence of rehearsals, honest until a test tampers with it.
import type { Answer, BankEntry, Order, PublicSale, Sku } from "../../../src/local/client.ts";
import type { Evidence, Findings } from "../../../src/local/rehearse/evidence.ts";
import { verify } from "../../../src/local/rehearse/proofs/verdicts.ts";
import { Purchase } from "../../../src/local/rehearse/record.ts";
import type { Change } from "../../../src/local/rehearse/scene.ts";

/** When everything happens: the moment of the orders. */
export const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

export function order(id: string): Order {
  return {
    id,
    saleId: "sale",
    skuId: "coupon",
    quantity: 1,
    unitPrice: { amount: 0, currency: "USD" },
    total: { amount: 0, currency: "USD" },
    item: { name: "Coupon", saleTitle: "Sale" },
    status: "confirmed",
    createdAt: "2026-11-22T10:00:00.000Z",
    expiresAt: "2026-11-22T10:05:00.000Z",
    version: 2,
  };
}

export function answer<Body>(
  status: number,
  body: Body,
  headers: Record<string, string> = {},
): Answer<Body> {
  return {
    method: "POST",
    path: "/",
    status,
    headers: new Headers(headers),
    body,
    sentAt: NOW,
    ms: 1,
  };
}

/** The same answer to a request that was sent at another moment. */
export const at = <Body>(sentAt: number, given: Answer<Body>): Answer<Body> => ({
  ...given,
  sentAt,
});

export function problem(status: number, code: string): Answer<Order> {
  return answer(status, { code } as unknown as Order);
}

export function purchase(
  user: string,
  key: string,
  ...answers: (Answer<Order> | undefined)[]
): Purchase {
  const made = new Purchase(user, "coupon", key);
  for (const given of answers) {
    made.note(given);
  }
  return made;
}

/** The sale as it was from `at` on; with nothing said, from the beginning. */
export function version(
  terms: Partial<Sku>,
  sale: Partial<PublicSale> = {},
  at = -Infinity,
): Change {
  const unitPrice = { amount: 0, currency: "USD" };
  const sku = {
    id: "coupon",
    name: "Coupon",
    unitPrice,
    stock: 2,
    perUserLimit: 1,
    holdSeconds: 300,
  };
  const open = { opensAt: iso(NOW - HOUR), closesAt: iso(NOW + HOUR) };
  const named = {
    id: "sale",
    title: "Sale",
    description: "",
    admission: { mode: "open" },
  } as const;
  return {
    ...{ sentAt: at, answeredAt: at },
    sale: { ...named, ...open, ...sale, skus: [{ ...sku, ...terms }] },
  };
}

/** Two units, both sold: to ann, who clicked twice, and to bob. Cid came too late. */
export function honestSale(): Evidence {
  const [first, second] = [order("o1"), order("o2")];
  const replayed = { "idempotent-replayed": "true" };
  const show = (own: Order) => ({
    owner: answer(200, own, { "x-served-from": "read-model" }),
    stranger: problem(404, "not_found"),
  });
  return {
    scene: "rush",
    sku: { id: "coupon", unitPrice: { amount: 0, currency: "USD" } },
    history: [version({})],
    ...{ denials: [], ledgers: [], clockErrorMs: 0, settledMs: 1_000 },
    before: { stocked: 2, available: 2, held: 0, sold: 0, unacknowledged: 0 },
    after: { stocked: 2, available: 0, held: 0, sold: 2, unacknowledged: 0 },
    ledgerOrders: [
      { ...first, userId: "ann" },
      { ...second, userId: "bob" },
    ],
    purchases: [
      purchase("ann", "a", answer(202, first), answer(202, first, replayed)),
      purchase("bob", "b", answer(202, second)),
      purchase("cid", "c", problem(409, "sold_out")),
    ],
    deeds: [],
    live: [],
    books: undefined,
    shown: new Map([
      ["o1", show(first)],
      ["o2", show(second)],
    ]),
    lists: new Map([
      ["ann", [first]],
      ["bob", [second]],
      ["cid", []],
    ]),
  };
}

/** The same for 12 dollars each. Bob's money came too late: he has it back, and his unit is free. */
export function paidSale(): Evidence & { books: Map<string, BankEntry> } {
  const sale = honestSale();
  const unitPrice = { amount: 1_200, currency: "USD" };
  const entry = (orderId: string, state: BankEntry["state"]): BankEntry => ({
    ...{ orderId, ...unitPrice, state, attempts: 1, charges: 1 },
    refunds: state === "refunded" ? 1 : 0,
  });
  const priced = { unitPrice, total: unitPrice };
  const ann = { ...order("o1"), ...priced, payment: "charged" } as const;
  const bob = { ...order("o2"), ...priced, payment: "refunded", status: "refunded" } as const;
  const show = (own: Order) => ({
    owner: answer(200, own, { "x-served-from": "read-model" }),
    stranger: problem(404, "not_found"),
  });
  return {
    ...sale,
    sku: { ...sale.sku, unitPrice },
    history: [version({ unitPrice })],
    after: { ...sale.after, available: 1, sold: 1 },
    ledgerOrders: [
      { ...ann, userId: "ann" },
      { ...bob, userId: "bob" },
    ],
    shown: new Map([
      ["o1", show(ann)],
      ["o2", show(bob)],
    ]),
    lists: new Map([
      ["ann", [ann]],
      ["bob", [bob]],
    ]),
    books: new Map([
      ["o1", entry("o1", "charged")],
      ["o2", entry("o2", "refunded")],
    ]),
  };
}

/** The promises that the evidence breaks. */
export function broken(evidence: Evidence, about: Partial<Findings> = {}): string[] {
  return verify({ skus: [evidence], breaches: new Map(), log: [], ...about })
    .filter(({ violations }) => violations.length > 0)
    .map(({ promise }) => promise);
}

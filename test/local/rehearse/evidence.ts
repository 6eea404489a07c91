// Fabricated evidence of correct rehearsals, for tests to tamper with.
import type { Answer, Order, PublicSale, Sku } from "../../../src/local/client.ts";
import type { Evidence, Findings } from "../../../src/local/rehearse/evidence.ts";
import type { BankRecord, Books } from "../../../src/local/rehearse/payments.ts";
import { type ProofStatus, verify } from "../../../src/local/rehearse/proofs/verify.ts";
import { Purchase } from "../../../src/local/rehearse/recorder.ts";
import type { SaleVersion } from "../../../src/local/rehearse/scenario.ts";

/** When all orders are created. */
export const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

export function order(id: string): Order {
  return {
    id,
    number: "0000-0000",
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
    refunded: { amount: 0, currency: "USD" },
    refundedQuantity: 0,
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

/** The same answer, to a request sent at another time. */
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
  const created = new Purchase(user, "coupon", key);
  for (const given of answers) {
    created.addAnswer(given);
  }
  return created;
}

/** A version of the sale that applies from `at` on; by default, from the beginning. */
export function version(
  terms: Partial<Sku>,
  sale: Partial<PublicSale> = {},
  at = -Infinity,
): SaleVersion {
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
  const texts = {
    id: "sale",
    title: "Sale",
    description: "",
    admission: { mode: "open" },
  } as const;
  return {
    ...{ sentAt: at, answeredAt: at },
    sale: { ...texts, ...open, ...sale, skus: [{ ...sku, ...terms }] },
  };
}

/** Two units, sold to ann, who clicked twice, and to bob. Cid got sold_out. */
export function correctSale(): Evidence {
  const [first, second] = [order("o1"), order("o2")];
  const replayed = { "idempotent-replayed": "true" };
  const show = (own: Order) => ({
    owner: answer(200, own, { "x-served-from": "read-model" }),
    stranger: problem(404, "not_found"),
  });
  return {
    scenario: "rush",
    sku: { id: "coupon", unitPrice: { amount: 0, currency: "USD" } },
    history: [version({})],
    ...{ denials: [], ledgers: [], clockErrorMs: 0, finalAfterMs: 1_000 },
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
    orderActions: [],
    authenticated: new Set(),
    refunds: [],
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

/** The same at $12 each. Bob's payment came too late: it was refunded, and his unit is available again. */
export function paidSale(): Evidence & { books: Books } {
  const sale = correctSale();
  const unitPrice = { amount: 1_200, currency: "USD" };
  const charged = { charges: 1, charged: 1_200, currency: "USD", isOpen: false };
  const record = (refunds: number): BankRecord => ({
    ...charged,
    ...{ refunds, refunded: refunds * 1_200 },
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
      ["o1", record(0)],
      ["o2", record(1)],
    ]),
  };
}

/**
 * The same, and the operator refunded two of cid's three units: one goes back on sale, the other leaves the stock. Three
 * more units had been on sale for that.
 */
export function refundedSale(): ReturnType<typeof paidSale> {
  const sale = paidSale();
  const usd = (amount: number) => ({ amount, currency: "USD" });
  const cid = {
    ...{ ...order("o3"), quantity: 3, unitPrice: usd(1_200), total: usd(3_600) },
    ...{ payment: "charged" as const, refunded: usd(2_400), refundedQuantity: 2 },
  };
  const refund = { id: "o3", quantity: 1, sentAt: NOW + 1_000, returnedAt: NOW + 2_000 };
  const made = new Purchase("cid", "coupon", "c3", 3);
  made.addAnswer(answer(202, { ...cid, status: "reserved", version: 1 }));
  const terms = { unitPrice: usd(1_200), stock: 5, perUserLimit: 3 };
  return {
    ...sale,
    history: [version(terms)],
    before: { ...sale.before, stocked: 5, available: 5 },
    after: { ...sale.after, stocked: 4, available: 2, sold: 2 },
    ledgerOrders: [...sale.ledgerOrders, { ...cid, userId: "cid" }],
    purchases: [...sale.purchases.slice(0, 2), made],
    refunds: [
      { ...refund, backOnSale: true },
      { ...refund, backOnSale: false },
    ],
    shown: new Map([
      ...sale.shown,
      [
        "o3",
        {
          owner: answer(200, cid, { "x-served-from": "read-model" }),
          stranger: problem(404, "not_found"),
        },
      ],
    ]),
    lists: new Map([...sale.lists, ["cid", [cid]]]),
    books: new Map([
      ...sale.books,
      [
        "o3",
        { charges: 1, refunds: 2, charged: 3_600, refunded: 2_400, currency: "USD", isOpen: false },
      ],
    ]),
  };
}

/** The claims of the broken proofs. */
export function broken(evidence: Evidence, findings: Partial<Findings> = {}): string[] {
  return claims("broken", { skus: [evidence], ...findings });
}

/** The claims of the proofs with this status, by default with an empty log and no breaches. */
export function claims(wanted: ProofStatus, findings: Partial<Findings>): string[] {
  return verify({ skus: [], breaches: new Map(), deadLetters: [], log: [], ...findings })
    .filter(({ status }) => status === wanted)
    .map(({ claim }) => claim);
}

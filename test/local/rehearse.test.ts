// The rehearsal's own proofs: fabricated evidence of each disaster must be seen, an honest sale must
// pass, and the command line must refuse what makes no sense.
import { describe, expect, test } from "vitest";
import type { Answer, BankEntry, LedgerOrder, Order } from "../../src/local/client.ts";
import { verify } from "../../src/local/rehearse/checks.ts";
import { judge } from "../../src/local/rehearse/contract.ts";
import type { Evidence, Findings } from "../../src/local/rehearse/evidence.ts";
import { parseOptions, UsageError } from "../../src/local/rehearse/options.ts";
import { Purchase } from "../../src/local/rehearse/record.ts";

function order(id: string): Order {
  return {
    id,
    saleId: "sale",
    skuId: "coupon",
    quantity: 1,
    unitPrice: { amount: 0, currency: "USD" },
    status: "confirmed",
    createdAt: "2026-11-22T10:00:00.000Z",
    expiresAt: "2026-11-22T10:05:00.000Z",
    version: 2,
  };
}

function answer<Body>(
  status: number,
  body: Body,
  headers: Record<string, string> = {},
): Answer<Body> {
  return { method: "POST", path: "/", status, headers: new Headers(headers), body, ms: 1 };
}

function problem(status: number, code: string): Answer<Order> {
  return answer(status, { code } as unknown as Order);
}

function purchase(user: string, key: string, ...answers: Answer<Order>[]): Purchase {
  const made = new Purchase(user, "coupon", key);
  for (const given of answers) {
    made.note(given);
  }
  return made;
}

/** Two units, both sold: to ann, who clicked twice, and to bob. Cid came too late. */
function honestSale(): Evidence {
  const [first, second] = [order("o1"), order("o2")];
  const replayed = { "idempotent-replayed": "true" };
  const show = (own: Order) => ({
    owner: answer(200, own, { "x-served-from": "read-model" }),
    stranger: problem(404, "not_found"),
  });
  return {
    sku: { id: "coupon", perUserLimit: 1, unitPrice: { amount: 0, currency: "USD" } },
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
function paidSale(): Evidence & { books: Map<string, BankEntry> } {
  const sale = honestSale();
  const unitPrice = { amount: 1_200, currency: "USD" };
  const entry = (orderId: string, state: BankEntry["state"]): BankEntry => ({
    ...{ orderId, ...unitPrice, state, attempts: 1, charges: 1 },
    refunds: state === "refunded" ? 1 : 0,
  });
  const ann = { ...order("o1"), unitPrice, payment: "charged" } as const;
  const bob = { ...order("o2"), unitPrice, payment: "refunded", status: "refunded" } as const;
  const show = (own: Order) => ({
    owner: answer(200, own, { "x-served-from": "read-model" }),
    stranger: problem(404, "not_found"),
  });
  return {
    ...sale,
    sku: { ...sale.sku, unitPrice },
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
function broken(evidence: Evidence, about: Partial<Findings> = {}): string[] {
  return verify({ skus: [evidence], breaches: new Map(), log: [], ...about })
    .filter(({ violations }) => violations.length > 0)
    .map(({ promise }) => promise);
}

describe("proofs", () => {
  test("an honest sale breaks nothing", () => {
    expect(broken(honestSale())).toEqual([]);
  });

  test("an oversell is seen", () => {
    const sale = honestSale();
    sale.after = { ...sale.after, available: -1, sold: 3 };
    expect(broken(sale)).toEqual([
      "stocked = available + held + sold",
      "units sold = stock or demand",
    ]);
  });

  test("an undersell is seen, and with it the untrue sold_out", () => {
    const sale = honestSale();
    sale.before = { ...sale.before, stocked: 3, available: 3 };
    sale.after = { ...sale.after, stocked: 3, available: 1 };
    expect(broken(sale)).toEqual([
      "units sold = stock or demand",
      "nobody was told sold_out while units were left",
    ]);
  });

  test("a buyer who was never answered makes the expected number a range", () => {
    const sale = honestSale();
    sale.before = { ...sale.before, stocked: 3, available: 3 };
    sale.after = { ...sale.after, stocked: 3, available: 1 };
    sale.purchases[2] = { user: "cid", key: "c", answers: [], gaveUp: true };
    expect(broken(sale)).toEqual([]);
  });

  test("a second unit for one person is seen", () => {
    const sale = honestSale();
    (sale.ledgerOrders[1] as LedgerOrder).userId = "ann";
    expect(broken(sale)).toContain("nobody has more than their limit");
  });

  test("a lost order is seen", () => {
    const sale = honestSale();
    sale.ledgerOrders.pop();
    sale.shown.set("o2", { owner: answer(404, {} as Order), stranger: undefined });
    expect(broken(sale)).toEqual([
      "units sold = stock or demand",
      "nobody was told sold_out while units were left",
      "every accepted order is final and readable by its owner alone",
      "ledger = read model",
    ]);
  });

  test("an order that never settles is seen", () => {
    const sale = honestSale();
    sale.after.unacknowledged = 1;
    expect(broken(sale)).toEqual(["every accepted order is final and readable by its owner alone"]);
  });

  test("an order shown to a stranger is seen", () => {
    const sale = honestSale();
    sale.shown.set("o1", { ...sale.shown.get("o1"), owner: undefined, stranger: answer(200, {}) });
    expect(broken(sale)).toEqual(["every accepted order is final and readable by its owner alone"]);
  });

  test("an order nobody was told of is seen", () => {
    const sale = honestSale();
    sale.purchases[1] = purchase("bob", "b", problem(409, "sold_out"));
    expect(broken(sale)).toContain("every order in the ledger was told to its buyer");
  });

  test("two orders for one key are seen", () => {
    const sale = honestSale();
    sale.purchases[0]?.answers.push(answer(202, order("o9")));
    expect(broken(sale)).toContain("one key, one answer");
  });

  test("a retry that loses the unit is seen", () => {
    const sale = honestSale();
    sale.purchases[1]?.answers.push(problem(409, "sold_out"));
    expect(broken(sale)).toEqual(["one key, one answer"]);
  });

  test("a repeat that is not marked as one is seen", () => {
    const sale = honestSale();
    sale.purchases[1]?.answers.push(answer(202, order("o2")));
    expect(broken(sale)).toEqual(["one key, one answer"]);
  });

  test("a read model that lags behind or differs is seen", () => {
    const stale = honestSale();
    stale.lists.set("bob", [{ ...order("o2"), status: "reserved", version: 1 }]);
    const missing = honestSale();
    missing.lists.set("bob", []);
    expect([broken(stale), broken(missing)]).toEqual([
      ["ledger = read model"],
      ["ledger = read model"],
    ]);
  });
});

const MONEY = "money kept = confirmed orders, each charged once; refunds returned once";

describe("proofs about money", () => {
  test("an honest paid sale breaks nothing", () => {
    expect(broken(paidSale())).toEqual([]);
  });

  test.each<[string, string, Partial<BankEntry>]>([
    ["money taken twice", "o1", { charges: 2 }],
    ["money never taken", "o1", { charges: 0, state: "declined" }],
    ["money returned that was earned", "o1", { refunds: 1, state: "refunded" }],
    ["money kept that was to be returned", "o2", { refunds: 0, state: "charged" }],
    ["money returned twice", "o2", { refunds: 2 }],
    ["a wrong amount", "o1", { amount: 1_199 }],
  ])("%s is seen", (_, id, change) => {
    const sale = paidSale();
    Object.assign(sale.books.get(id) as BankEntry, change);
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("a charge that may still succeed for an order that is over is seen", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[1] as LedgerOrder, { status: "expired" });
    Object.assign(sale.books.get("o2") as BankEntry, { state: "tried", charges: 0, refunds: 0 });
    expect(broken(sale)).toContain(MONEY);
  });

  test("money for an order that no ledger knows is seen", () => {
    const sale = paidSale();
    sale.books.set("o9", { ...(sale.books.get("o1") as BankEntry), orderId: "o9" });
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("an accepted order that never became final is seen", () => {
    const sale = paidSale();
    const reserved = { ...order("o1"), status: "reserved" } as const;
    sale.shown.set("o1", { owner: answer(200, reserved), stranger: undefined });
    expect(broken(sale)).toContain("every accepted order is final and readable by its owner alone");
  });

  test("an order given back that its buyer still has is seen", () => {
    const sale = paidSale();
    const told = answer(200, order("o1"));
    sale.deeds = [{ kind: "give back", user: "ann", sku: "coupon", id: "o1", answer: told }];
    expect(broken(sale)).toEqual(["whoever paid has paid, whoever gave back has given back"]);
  });

  test("without the bank's books nothing is said about money", () => {
    const verdicts = verify({ skus: [honestSale()], breaches: new Map(), log: [] });
    expect(verdicts.map(({ promise }) => promise)).not.toContain(MONEY);
  });
});

test("breaches of the contract and warnings of the Worker are seen", () => {
  expect(broken(honestSale(), { breaches: new Map([["buy: 500", 1]]), log: ["warn: x"] })).toEqual([
    "every answer is one of the contract's",
    "the Worker logged no warning",
  ]);
});

describe("contract", () => {
  const sound = {
    "x-request-id": "r1",
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    "ratelimit-policy": '"user";q=50;w=10',
    ratelimit: '"user";r=49;t=10',
    "x-ratelimit-limit": "50",
    "x-ratelimit-remaining": "49",
    "x-ratelimit-reset": "1795341600",
  };
  const { ratelimit: _, ...unlimited } = sound;
  const soldOut = {
    type: "t",
    title: "t",
    status: 409,
    code: "sold_out",
    detail: "d",
    requestId: "r1",
  };

  test("a sound refusal passes", () => {
    expect(judge("buy", answer(409, soldOut, sound), ["202", "sold_out"])).toEqual([]);
  });

  test.each([
    ["a code with another status", answer(410, { ...soldOut, status: 410 }, sound)],
    ["a crash", answer(500, "Internal Server Error", sound)],
    [
      "an answer that any cache may keep",
      answer(409, soldOut, { ...sound, "cache-control": "public" }),
    ],
    ["a refusal without a request id", answer(409, soldOut, { ...sound, "x-request-id": "" })],
    [
      "a 429 that does not say when",
      answer(429, { ...soldOut, status: 429, code: "rate_limited" }, sound),
    ],
    ["an answer without its limits", answer(409, soldOut, unlimited)],
    ["an unexpected refusal", answer(404, { ...soldOut, status: 404, code: "not_found" }, sound)],
  ])("%s does not", (_, given) => {
    expect(judge("buy", given, ["202", "sold_out"])).not.toEqual([]);
  });
});

describe("options", () => {
  test.each([
    [["--buyers", "0"]],
    [["--buyers", "many"]],
    [["--concurrency", "1.5"]],
    [["--bots", "1.5"]],
    [["--bots", ""]],
    [["--bots", "half"]],
    [["--url", "localhost:8787"]],
    [["--sku", "demo"]],
    [["--url", "https://shop.example"]],
    [["--no-such-option"]],
  ])("%j is refused", (argv) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
  });

  test("a deployed instance with its token is accepted", () => {
    const argv = ["--url", "https://shop.example", "--admin-token", "secret", "--buyers", "2000"];
    expect(parseOptions(argv)).toEqual({
      url: "https://shop.example",
      adminToken: "secret",
      buyers: 2000,
      bots: 0,
      concurrency: 64,
    });
  });
});

// All proofs together. Contract breaches and warnings are detected. A proof counts as held only if the evidence could have
// contradicted it.
import { describe, expect, test } from "vitest";
import { verify } from "../../../../src/local/rehearse/proofs/verify.ts";
import { render } from "../../../../src/local/rehearse/report.ts";
import {
  answer,
  at,
  broken,
  claims,
  correctSale,
  NOW,
  order,
  paidSale,
  problem,
  purchase,
} from "../evidence.ts";

const LOG = "the Worker logged no warnings";
const LEDGER = "stocked = available + held + sold";
const CONTRACT = "every answer conforms to the HTTP contract";
const LIMIT = "no buyer gets more units than the per-user limit";
const HOURS = "no order is accepted before the sale opens or after it closes";
const DENY_RULES = "a denied buyer is blocked exactly while the deny rule applies";
const MONEY = "money kept = confirmed orders; each charge and refund happens once";

const SECOND = 1_000;

describe("the log of an existing instance", () => {
  test("is reported as not observed, because it is not visible", () => {
    const findings = { skus: [correctSale()], log: undefined };
    expect(claims("not observed", findings)).toContain(LOG);
    expect(claims("held", findings)).not.toContain(LOG);
    expect(claims("held", { ...findings, log: [] })).toContain(LOG);
  });

  test("does not count as held in the report", () => {
    const proofs = verify({ skus: [], breaches: new Map(), deadLetters: [], log: undefined });
    const text = render({
      ...{ url: "https://shop.example", commit: undefined, seed: 1, provider: "sandbox" },
      ...{ buyers: 1, concurrency: 1 },
      machine: { cpus: 1, cpu: "", memoryBytes: 1, os: "", node: "" },
      ...{ scenario: "rush", seconds: 1, requestsPerSecond: 1, notes: [], skus: [], crowd: [] },
      ...{ outcomes: {}, latencyMs: {}, errorShare: 0 },
      proofs: proofs.filter(({ claim }) => [CONTRACT, LOG].includes(claim)),
    });
    expect(text).toContain(`held          ${CONTRACT}\n`);
    expect(text).toContain(
      `not observed  ${LOG}\n                the instance's log is not visible from here\n`,
    );
    expect(text).toContain("2 proofs: 1 held, 0 broken, 1 not observed");
  });
});

test("a rehearsal without any accepted order observes only the ledger and the contract", () => {
  const nothing = correctSale();
  Object.assign(nothing, { ledgerOrders: [], purchases: [], shown: new Map(), lists: new Map() });
  nothing.after = nothing.before;
  expect(claims("held", { skus: [nothing], log: undefined })).toEqual([LEDGER, CONTRACT]);
  expect(claims("broken", { skus: [nothing] })).toEqual([]);
});

test("one SKU that observes a proof is enough", () => {
  const skus = [correctSale(), paidSale()];
  expect(claims("not observed", { skus: [correctSale()] })).toContain(MONEY);
  expect(claims("held", { skus })).toContain(MONEY);
});

test("a per-user limit is observed once a buyer tries to exceed it", () => {
  const sale = correctSale();
  expect(claims("not observed", { skus: [sale] })).toContain(LIMIT);
  sale.purchases.push(purchase("ann", "a2", problem(409, "user_limit_reached")));
  expect(claims("held", { skus: [sale] })).toContain(LIMIT);
});

test("opening hours are observed once a buyer orders outside them", () => {
  const sale = correctSale();
  expect(claims("not observed", { skus: [sale] })).toContain(HOURS);
  const opensAt = Date.parse(sale.history[0]?.sale.opensAt ?? "");
  const early = at(opensAt - SECOND, problem(403, "sale_not_open"));
  sale.purchases.push(purchase("dan", "d", early));
  expect(claims("held", { skus: [sale] })).toContain(HOURS);
});

test("a deny rule is observed once its buyer orders while it applies everywhere", () => {
  const sale = correctSale();
  const [sentAt, liftSentAt] = [NOW, NOW + 30 * SECOND];
  const times = { sentAt, answeredAt: sentAt, liftSentAt, liftedAt: liftSentAt };
  sale.denials = [{ user: "dan", ...times }];
  const blockedAt = (moment: number) => {
    sale.purchases[3] = purchase("dan", "d", at(moment, problem(403, "blocked")));
    return claims("held", { skus: [sale] });
  };
  expect(blockedAt(NOW + 2 * SECOND)).not.toContain(DENY_RULES);
  expect(blockedAt(NOW + 10 * SECOND)).toContain(DENY_RULES);
});

test("a violation breaks a proof even if nothing else was observed", () => {
  const sale = correctSale();
  sale.orderActions = [];
  const canceled = { ...order("o1"), status: "cancelled", reason: "buyer" } as const;
  sale.ledgerOrders[0] = { ...canceled, userId: "ann" };
  sale.purchases[0] = purchase("ann", "a", answer(202, canceled));
  expect(claims("broken", { skus: [sale] })).toContain(
    "every order has one outcome, the one reported to its buyer",
  );
});

test("detects contract breaches and Worker warnings", () => {
  expect(broken(correctSale(), { breaches: new Map([["buy: 500", 1]]), log: ["warn: x"] })).toEqual(
    ["every answer conforms to the HTTP contract", LOG],
  );
});

test("a dead letter about an order breaks its proof", () => {
  const claim = "no order became a dead letter";
  const findings = { skus: [correctSale()], deadLetters: ["o1 in doorbuster-orders: lost"] };
  expect(claims("broken", findings)).toEqual([claim]);
});

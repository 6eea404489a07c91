// The figures of a sale: each part from the one place that knows it, and unknown while that does not answer.
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { Figures } from "../../src/admin/figures.ts";
import { botsOf, funnelOf } from "../../src/admin/last-minute.ts";
import type { Rule } from "../../src/funnel/rule-set.ts";
import type { Metrics, Series } from "../../src/observability/read-metrics.ts";
import { admin, call, contractFaults, VIEWER_TOKEN } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, putSale } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);

const figuresOf = async (saleId: string) =>
  (await admin<Figures>("GET", `/sales/${saleId}/figures`)).body;

test("shows the units of each SKU as its ledger has them", async () => {
  const [free, paid] = [aSku(), aSku({ price: 100, perUserLimit: 3 })];
  const { id } = await putSale(aSale({ skus: [free, paid] }));
  const buyer = await aBuyer();
  await bought(buyer, free.id);
  await bought(buyer, paid.id, { quantity: 3 });

  const { sale, skus, line } = await figuresOf(id);

  expect(sale).toMatchObject({ id, state: "open", listed: true });
  expect(skus.map(({ id, units }) => [id, units.value])).toEqual([
    [free.id, { stocked: 10, available: 9, held: 1, sold: 0 }],
    [paid.id, { stocked: 10, available: 7, held: 3, sold: 0 }],
  ]);
  for (const { units, backlog } of skus) {
    expect(Math.abs(Date.now() - Date.parse(units.asOf))).toBeLessThan(60_000);
    expect(backlog).toMatchObject({ unacknowledged: 1 });
  }
  expect(line).toBeUndefined();
});

test("shows viewers the same, and strangers nothing", async () => {
  const { id } = await putSale(aSale());
  const path = `/api/admin/sales/${id}/figures`;
  expect((await call("GET", path, { token: VIEWER_TOKEN })).status).toBe(200);
  expect((await call("GET", path)).status).toBe(401);
});

test.each(["unknown", "..%2f..", "X", "%00"])("answers not_found for the sale %s", async (id) => {
  const answer = await admin("GET", `/sales/${id}/figures`);
  expect(answer).toMatchObject({ status: 404, code: "not_found" });
  expect(contractFaults(answer)).toEqual([]);
});

test("says what is unknown while Redis is down, and still shows the units", async () => {
  const { id } = await putSale(aSale());
  await redisIsDown();
  const { skus, attention } = await figuresOf(id);
  await redisIsBack();
  expect(attention.value).toBeNull();
  expect(skus[0]?.units.value).toMatchObject({ available: 10 });
});

test("says that the units are unknown while a SKU's object does not answer", async () => {
  const sale = await putSale(aSale({ skus: [aSku(), aSku()] }));
  const [broken] = sale.skus;
  const real = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY as DurableObjectNamespace, "getByName");
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation((name) => {
    if (name === broken?.id) throw new Error("the object is gone");
    return real(name) as unknown as DurableObjectStub;
  });
  const { skus } = await figuresOf(sale.id);
  expect(skus.map(({ units }) => units.value?.available)).toEqual([undefined, 10]);
});

/** A counter that was counted in the oldest step and in the two latest. */
const counted = (name: Series["name"], labels: Record<string, string>, each: number): Series => {
  const points = Array.from({ length: 181 }, (_, at) => (at === 0 || at > 178 ? each : 0));
  return { type: "counter", name, labels, total: 3 * each, points };
};

test("counts the last minute of this sale's funnel only, the commonest refusal first", () => {
  const sale = "ours";
  const series = [
    counted("funnel_passed", { sale }, 5),
    counted("funnel_passed", { sale: "other" }, 50),
    counted("funnel_refused", { stage: "shape", reason: "invalid_request", sale }, 1),
    counted("funnel_refused", { stage: "sold-out", reason: "sold_out", sale }, 9),
    counted("orders", { outcome: "accepted", sale }, 4),
    counted("orders", { outcome: "sold_out", sale }, 0),
  ];
  const metrics = { asOf: 0, from: 0, stepSeconds: 5, series, missing: [], lost: 0 };
  expect(funnelOf(metrics satisfies Metrics, sale)).toEqual({
    passed: 10,
    refused: [
      { stage: "sold-out", reason: "sold_out", count: 18 },
      { stage: "shape", reason: "invalid_request", count: 2 },
    ],
    orders: { accepted: 8 },
  });
});

test("tells of this sale's bots: challenges, their reasons, and the blocks in force with their evidence", () => {
  const [sale, now] = ["ours", Date.parse("2026-01-01T12:00:00Z")];
  const series = [
    counted("challenge", { verdict: "passed", sale }, 3),
    counted("challenge", { verdict: "failed", sale: "other" }, 3),
    counted("risk", { reason: "accounts", sale }, 2),
  ];
  const metrics = { asOf: 0, from: 0, stepSeconds: 5, series, missing: [], lost: 0 };
  const block = (minute: number, accountsAtAddress: number, more: Partial<Rule> = {}): Rule => ({
    ...{ effect: "deny", kind: "user", value: `bot-${minute}`, by: "automatic" },
    addedAt: `2026-01-01T11:${minute}:00Z`,
    expiresAt: "2026-01-01T13:00:00Z",
    evidence: { saleId: sale, accountsAtAddress },
    ...more,
  });
  const rules = [
    block(10, 4),
    block(20, 17),
    block(30, 99, { evidence: { saleId: "other" } }),
    block(40, 99, { expiresAt: "2026-01-01T11:59:00Z" }),
    block(50, 99, { by: "operator" }),
  ];
  const bots = botsOf(metrics, rules, sale, now);
  expect(bots).toEqual({
    challenges: { passed: 6 },
    risks: { accounts: 4 },
    blocked: 2,
    newest: [
      { addedAt: "2026-01-01T11:20:00Z", evidence: { saleId: sale, accountsAtAddress: 17 } },
      { addedAt: "2026-01-01T11:10:00Z", evidence: { saleId: sale, accountsAtAddress: 4 } },
    ],
    accountsAtAddress: 17,
  });
  expect(JSON.stringify(bots)).not.toContain("bot-");
});

// The operator reads the merged metrics.
import { env } from "cloudflare:workers";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Metrics } from "../../src/observability/read-metrics.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { counted, metrics } from "../support/metrics.ts";
import { aBuyer, aSale, aSku, order, putSale } from "../support/shop.ts";

interface Body {
  asOf: string;
  from: string;
  stepSeconds: number;
  missingShards: number[];
  lostBatches: number;
  series: {
    name: string;
    type: string;
    labels: Record<string, string>;
    total: unknown;
    points: unknown[];
  }[];
}

const read = (query = "") => admin<Body>("GET", `/metrics${query}`);

async function givenOrders(count: number) {
  const sku = aSku({ stock: 100 });
  const { id } = await putSale(aSale({ skus: [sku] }));
  for (let i = 0; i < count; i += 1) await order(await aBuyer(), sku.id);
  await counted("orders"); // sends what was counted
  return id;
}

test("shows the counts of a sale with their points over time", async () => {
  const saleId = await givenOrders(3);
  const { status, body } = await read();
  expect(status).toBe(200);
  expect(body).toMatchObject({
    stepSeconds: 5,
    missingShards: [],
    lostBatches: expect.any(Number),
  });
  const found = body.series.find(
    ({ name, labels }) => name === "doorbuster_orders_total" && labels.sale === saleId,
  );
  expect(found).toMatchObject({ type: "counter", labels: { outcome: "accepted" }, total: 3 });
  expect(found?.points.reduce((sum: number, count) => sum + Number(count), 0)).toBe(3);
  expect(Date.parse(body.from)).toBeLessThanOrEqual(Date.parse(body.asOf) - 300_000);
  for (const { points } of body.series) expect(points.length).toBe(61);
});

test("the overview has the counts of the whole system", async () => {
  const saleId = await givenOrders(2);
  const { body } = await admin<{ counters: Record<string, number> }>("GET", "/overview");
  expect(body.counters[`doorbuster_orders_total|accepted|${saleId}`]).toBe(2);
});

test("only answers to operators say how long they took", async () => {
  expect((await read()).headers.get("server-timing")).toMatch(/^total;dur=\d+$/);
  for (const path of ["/", "/api/sales", "/api/admin/metrics"]) {
    expect((await call("GET", path)).headers.get("server-timing")).toBeNull();
  }
});

test("is for operators only", async () => {
  expect((await call("GET", "/api/admin/metrics")).status).toBe(401);
});

test.each([
  ["?from=yesterday", "from"],
  ["?from=2001-01-01T00:00:00Z", "from"],
  ["?from=2999-01-01T00:00:00Z", "from"],
  ["?step=0", "step"],
  ["?step=-5", "step"],
  ["?step=7", "step"],
  ["?step=65", "step"],
  ["?step=x", "step"],
  ["?step=1e999", "step"],
  [`?step=5&from=${new Date(Date.now() - 2 * 3_600_000).toISOString()}`, "step"],
  [`?step=60&from=${new Date(Date.now() - 86_400_000).toISOString()}`, "step"],
])("refuses %s, and names the field", async (query, path) => {
  const answer = await read(query);
  expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
  expect(answer.body).toMatchObject({ issues: [{ path }] });
});

test("chooses a step that fits the range", async () => {
  const since = async (hours: number) => {
    const from = new Date(Date.now() - hours * 3_600_000 + 5_000).toISOString();
    return (await read(`?from=${from}`)).body.stepSeconds;
  };
  expect(await since(1)).toBe(5);
  expect(await since(2)).toBe(60);
  expect((await since(24 * 30)) % 60).toBe(0);
});

test("says which shards did not answer, and shows the others", async () => {
  givenClock(Date.now() + 60_000); // not the answer that the isolate remembers
  const real = env.METRICS.getByName.bind(env.METRICS);
  const spy = vi.spyOn(env.METRICS, "getByName").mockImplementation((name, ...rest) => {
    if (name === "shard-3") throw new Error("the shard is down");
    return real(name, ...rest);
  });
  onTestFinished(() => spy.mockRestore());
  const { missing, series }: Metrics = await metrics();
  expect(missing).toEqual([3]);
  expect(series).toEqual(expect.any(Array));
});

test("an isolate asks the shards at most once a second for the same figures", async () => {
  givenClock(Date.now() + 120_000);
  const lookups = vi.spyOn(env.METRICS, "getByName");
  onTestFinished(() => lookups.mockRestore());
  for (let i = 0; i < 20; i += 1) await read("?step=60");
  expect(lookups.mock.calls.length).toBe(8);
});

// All shards of the metrics fail: buyers notice nothing, readers are told, and no count is lost.
import { env } from "cloudflare:workers";
import { expect, onTestFinished, test, vi } from "vitest";
import { MetricsShard } from "../../src/observability/metrics-shard.ts";
import { readShards, TOTALS } from "../../src/observability/read-metrics.ts";
import { SHARDS } from "../../src/observability/shard-client.ts";
import { attempt, givenSale } from "../funnel/scene.ts";
import { admin, call } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { aBuyer } from "../support/shop.ts";

/** Makes every shard fail. Returns how to get them back. */
function shardsAreDown(): () => void {
  const calls = (["add", "read"] as const).map((name) =>
    vi
      .spyOn(MetricsShard.prototype, name)
      .mockRejectedValue(new Error("The shard is down.") as never),
  );
  const restore = () => {
    for (const spy of calls) spy.mockRestore();
  };
  onTestFinished(restore);
  return restore;
}

test("a page, an order, and a refusal are answered as ever, and their counts arrive later", async () => {
  const sale = await givenSale({}, { stock: 1 });
  const [buyer, late] = [await aBuyer(), await aBuyer()];
  const shardsAreBack = shardsAreDown();
  expect((await call("GET", `/sales/${sale.saleId}`)).status).toBe(200);
  expect((await attempt(buyer, sale)).status).toBe(202);
  expect((await attempt(late, sale)).code).toBe("sold_out");
  shardsAreBack();
  await vi.waitUntil(async () => (await counted(`orders|sold_out|${sale.saleId}`)) === 1, {
    timeout: 60_000,
  });
  expect(await counted(`orders|accepted|${sale.saleId}`)).toBe(1);
});

test("readers are told which shards are missing", async () => {
  shardsAreDown();
  const metrics = await readShards(env, TOTALS, Date.now());
  expect(metrics).toMatchObject({
    series: [],
    missing: Array.from({ length: SHARDS }, (_, i) => i),
  });
  const answer = await admin("GET", "/metrics?sinceSeconds=60");
  expect(answer).toMatchObject({ status: 200, body: { missingShards: metrics.missing } });
});

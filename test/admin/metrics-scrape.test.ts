// The metrics as a scraper reads them.
import { env } from "cloudflare:workers";
import parse from "parse-prometheus-text-format";
import { expect, onTestFinished, test, vi } from "vitest";
import { BOUNDS, METRICS } from "../../src/observability/series.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { aBuyer, aSale, aSku, order, putSale } from "../support/shop.ts";

/** What Prometheus sends. */
const ACCEPT =
  "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
const scrape = () => admin<string>("GET", "/metrics", { headers: { accept: ACCEPT } });

async function givenOrders(count: number): Promise<string> {
  const sku = aSku({ stock: 100 });
  const { id } = await putSale(aSale({ skus: [sku] }));
  for (let i = 0; i < count; i += 1) await order(await aBuyer(), sku.id);
  await counted("orders"); // sends what was counted
  return id;
}

test("a scraper can read every line", async () => {
  const saleId = await givenOrders(3);
  givenClock(Date.now() + 60_000); // not the answer that the isolate remembers
  const { status, headers, body } = await scrape();
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe(
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  expect(headers.get("cache-control")).toBe("no-store");
  expect(body.endsWith("\n# EOF\n")).toBe(true);
  const families = parse(body);
  const samples = families.find(({ name }) => name === "doorbuster_orders_total")?.metrics;
  expect(samples).toContainEqual({ labels: { outcome: "accepted", sale: saleId }, value: "3" });
  const http = families.find(({ name }) => name === "doorbuster_http_seconds");
  expect(http?.type).toBe("HISTOGRAM");
});

test("each metric has its type and its meaning once, before its samples", async () => {
  await givenOrders(1);
  const lines = (await scrape()).body.trimEnd().split("\n");
  const types = lines.filter((line) => line.startsWith("# TYPE "));
  expect(new Set(types).size).toBe(types.length);
  let family = "";
  for (const line of lines) {
    const [, type] = /^# TYPE (\S+) /.exec(line) ?? [];
    if (type) family = type;
    else if (line !== "# EOF")
      expect(line.replace(/^# HELP /, "")).toMatch(new RegExp(`^${family}`));
  }
});

test("buckets include the ones below, and the last one has everything", async () => {
  await givenOrders(2);
  const lines = (await scrape()).body.split("\n");
  const of = (suffix: string) =>
    lines.filter((line) =>
      line.startsWith(`doorbuster_http_seconds_${suffix}{route="buy",class="2xx"`),
    );
  const buckets = of("bucket").map((line) => ({
    le: /le="([^"]+)"/.exec(line)?.[1],
    count: Number(line.split(" ").at(-1)),
  }));
  expect(buckets.map(({ le }) => le)).toEqual([
    ...BOUNDS.map((bound) => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`)),
    "+Inf",
  ]);
  const counts = buckets.map(({ count }) => count);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(of("count")[0]?.split(" ").at(-1)).toBe(String(counts.at(-1)));
});

test("publishes no figures while a shard is missing, because they would fall", async () => {
  givenClock(Date.now() + 60_000); // not the answer that the isolate remembers
  const real = env.METRICS.getByName.bind(env.METRICS);
  const spy = vi.spyOn(env.METRICS, "getByName").mockImplementation((name, ...rest) => {
    if (name === "shard-5") throw new Error("the shard is down");
    return real(name, ...rest);
  });
  onTestFinished(() => spy.mockRestore());
  const answer = await scrape();
  expect(answer).toMatchObject({ status: 503, code: "unavailable" });
  expect((await admin("GET", "/metrics")).body).toMatchObject({ missingShards: [5] });
});

test("every metric has a name of its own", () => {
  expect(Object.keys(METRICS)).not.toContain("metrics_lost_batches");
});

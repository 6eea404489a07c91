// Counting in an isolate: what the counts contain, hostile labels, and limits.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_SERIES } from "../../src/observability/frame.ts";
import { Meter } from "../../src/observability/metrics.ts";
import { routeGroup } from "../../src/observability/route-group.ts";
import { BOUNDS, METRICS, parseKey } from "../../src/observability/series.ts";

test("takes what was counted once", () => {
  const meter = new Meter();
  meter.add("orders", 1, ["accepted", "drop"]);
  meter.add("orders", 2, ["accepted", "drop"]);
  meter.set("outbox_orders", 7, ["shoe"]);
  meter.set("outbox_orders", 5, ["shoe"]);
  const frame = meter.take();
  expect([...(frame?.counters ?? [])]).toEqual([["orders|accepted|drop", 3]]);
  expect(frame?.gauges.get("outbox_orders|shoe")?.[1]).toBe(5);
  expect(meter.take()).toBeUndefined();
});

test("counts a duration in the first bucket whose bound it does not exceed", () => {
  const meter = new Meter();
  const values = [0, 0.005, 0.006, 1, 300, 301];
  for (const seconds of values) meter.observe("queue_age_seconds", seconds, ["orders"]);
  const buckets = meter.take()?.histograms.get("queue_age_seconds|orders") ?? [];
  expect(buckets.length).toBe(BOUNDS.length + 2);
  const expected = Array(BOUNDS.length + 1).fill(0);
  for (const [bucket, count] of [
    [0, 2],
    [1, 1],
    [BOUNDS.indexOf(1), 1],
    [BOUNDS.indexOf(300), 1],
    [BOUNDS.length, 1],
  ] as const) {
    expected[bucket] = count;
  }
  expect(buckets.slice(0, -1)).toEqual(expected);
  expect(buckets.at(-1)).toBeCloseTo(602.011);
});

test("no label, however hostile, adds to another series, and no count is lost", () => {
  const label = fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.constantFrom("a|b", "|"));
  fc.assert(
    fc.property(fc.array(fc.tuple(label, label), { maxLength: 50 }), (all) => {
      const meter = new Meter();
      for (const labels of all) meter.add("orders", 1, labels);
      const counters = meter.take()?.counters ?? new Map<string, number>();
      let sum = 0;
      for (const [key, value] of counters) {
        const labels = Object.values(parseKey(key)?.labels ?? {});
        expect(labels).toHaveLength(2);
        const isOther = labels.every((text) => text === "other");
        const same = all.filter(([a, b]) => a === labels[0] && b === labels[1]).length;
        if (!isOther) expect(value).toBe(same);
        sum += value;
      }
      expect(sum).toBe(all.length);
    }),
  );
});

test("a million different labels take limited memory, and every count stays", () => {
  const meter = new Meter();
  for (let id = 0; id < 1_000_000; id += 1) {
    meter.add("funnel_passed", 1, [`sale-${id}`]);
    if (id % 100 === 0) meter.set("outbox_orders", 1, [`sku-${id}`]);
  }
  const { counters, gauges } = meter.take() ?? { counters: new Map(), gauges: new Map() };
  expect(counters.size).toBe(MAX_SERIES + 1);
  expect(gauges.size).toBe(MAX_SERIES);
  expect(counters.get("funnel_passed|other")).toBe(1_000_000 - MAX_SERIES);
});

test("every route belongs to a group, and no path makes a new one", () => {
  const known: [string, string][] = [
    ["/", "pages"],
    ["/sales/drop", "pages"],
    ["/sales/drop/line", "pages"],
    ["/sales/drop/skus/shoe/buy", "buy"],
    ["/orders/x/checkout", "orders"],
    ["/assets/main-0123456789.js", "assets"],
    ["/api/sales", "catalog"],
    ["/api/sales/drop", "catalog"],
    ["/api/sales/drop/live", "live"],
    ["/api/sales/drop/tickets", "line"],
    ["/api/sales/drop/visits", "visits"],
    ["/api/skus/shoe/orders", "buy"],
    ["/api/orders/x/payment", "orders"],
    ["/api/admin/metrics", "admin"],
    ["/api/webhooks/stripe", "provider"],
    ["/api/merchant/orders/x/payment-result", "provider"],
    ["/healthz", "other"],
  ];
  for (const [path, group] of known) expect([path, routeGroup(path)]).toEqual([path, group]);
  const groups = new Set([...known.map(([, group]) => group)]);
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("/", "/api/", "/api/sales/x/"), (text, prefix) => {
      expect(groups).toContain(routeGroup(prefix + text));
    }),
  );
});

test("names and labels follow the conventions of Prometheus", () => {
  for (const [name, { labels, help }] of Object.entries(METRICS)) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(help).toMatch(/^[A-Z]/);
    for (const label of labels) expect(label).toMatch(/^[a-z]+$/);
    expect(labels as readonly string[]).not.toContain("le");
  }
});

test("the buckets never change, because stored histograms have them", () => {
  expect(BOUNDS).toEqual([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]);
});

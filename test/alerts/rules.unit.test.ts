// The rules at their edges: too few figures, unknown figures, and refusals that are nobody's fault.
import { describe, expect, test } from "vitest";
import type { AlertFigures, WatchedSale } from "../../src/alerts/figures.ts";
import { watchedSales } from "../../src/alerts/figures.ts";
import { RULES } from "../../src/alerts/rules.ts";
import type { RuleName } from "../../src/observability/alert-thresholds.ts";
import type { Series } from "../../src/observability/read-metrics.ts";
import type { MetricName } from "../../src/observability/series.ts";

const STEPS = 61;
const FROM = Date.UTC(2026, 11, 1, 9);
const NOW = FROM + (STEPS - 1) * 5_000;

type Labels = Record<string, string>;

/** A counter that counted all of it `secondsAgo`. */
const counter = (name: MetricName, labels: Labels, count: number, secondsAgo = 10): Series => {
  const points = Array<number>(STEPS).fill(0);
  points[STEPS - 1 - secondsAgo / 5] = count;
  return { type: "counter", name, labels, total: count, points };
};

/** A gauge that has its value since `secondsAgo`, and had another one before. */
const gauge = (name: MetricName, labels: Labels, total: number, secondsAgo = 300): Series => {
  const points = Array.from({ length: STEPS }, (_, at) =>
    at < STEPS - 1 - secondsAgo / 5 ? total - 1 : total,
  );
  return { type: "gauge", name, labels, total, points };
};

const units = (available: number, sku = "a"): Series[] =>
  Object.entries({ available, held: 0, sold: 0 }).map(([state, count]) =>
    gauge("units", { sale: "drop", sku, state }, count),
  );

const aSale = (changes: Partial<WatchedSale> = {}): WatchedSale => ({
  ...{ id: "drop", opensAt: FROM - 600_000, isOpen: true, isStopped: false, hasLine: false },
  skus: [{ id: "a", isClosed: false }],
  ...changes,
});

function valuesOf(name: RuleName, series: Series[], changes: Partial<AlertFigures> = {}): number[] {
  const metrics = { asOf: NOW, from: FROM, stepSeconds: 5, series, missing: [], lost: 0 };
  const figures = {
    ...{ now: NOW, metrics, sales: [aSale()], deadLetters: 0, webhookGoneAt: 0 },
    ...changes,
  };
  const rule = RULES.find((each) => each.name === name);
  return (rule?.evaluate(figures) ?? []).map(({ value }) => value);
}

const refused = (reason: string, count = 30) =>
  counter("funnel_refused", { stage: "x", reason, sale: "drop" }, count);

describe("that nothing is sold", () => {
  test("is said of attempts of the last minute that should have got a unit", () => {
    expect(valuesOf("no_sale", [...units(5), refused("unauthenticated")])).toEqual([30]);
    const old = counter("funnel_refused", { reason: "unauthenticated", sale: "drop" }, 30, 100);
    expect(valuesOf("no_sale", [...units(5), old])).toEqual([0]);
    const failed = counter("orders", { outcome: "unavailable", sale: "drop" }, 7);
    expect(valuesOf("no_sale", [...units(5), failed])).toEqual([7]);
  });

  test("is not said while somebody buys, nothing is free, or an operator stopped the sale", () => {
    const sold = counter("orders", { outcome: "accepted", sale: "drop" }, 1);
    const seen = refused("unauthenticated");
    expect(valuesOf("no_sale", [...units(5), seen, sold])).toEqual([0]);
    expect(valuesOf("no_sale", [...units(0), seen])).toEqual([0]);
    expect(valuesOf("no_sale", [seen])).toEqual([0]);
    const stopped = { sales: [aSale({ isStopped: true })] };
    expect(valuesOf("no_sale", [...units(5), seen], stopped)).toEqual([0]);
    const closed = { sales: [aSale({ skus: [{ id: "a", isClosed: true }] })] };
    expect(valuesOf("no_sale", [...units(5), seen], closed)).toEqual([0]);
    expect(valuesOf("no_sale", [...units(5), seen], { sales: [aSale({ isOpen: false })] })).toEqual(
      [],
    );
  });

  test.each([
    "user_limit_reached",
    "blocked",
    "rate_limited",
    "not_admitted_yet",
    "invalid_request",
  ])("is not said of people who are refused with %s", (reason) => {
    expect(valuesOf("no_sale", [...units(5), refused(reason)])).toEqual([0]);
  });

  test("is said of `sold_out` only while every SKU has free units", () => {
    const sales = [
      aSale({
        skus: [
          { id: "a", isClosed: false },
          { id: "b", isClosed: false },
        ],
      }),
    ];
    const one = [...units(5), ...units(0, "b"), refused("sold_out")];
    expect(valuesOf("no_sale", one, { sales })).toEqual([0]);
    const both = [...units(5), ...units(5, "b"), refused("sold_out")];
    expect(valuesOf("no_sale", both, { sales })).toEqual([30]);
  });
});

describe("a share", () => {
  const charges = (charged: number, declined: number) => [
    counter("payments", { step: "charge", outcome: "charged" }, charged),
    counter("payments", { step: "charge", outcome: "declined" }, declined),
    counter("payments", { step: "void", outcome: "unknown" }, 1_000),
  ];

  test("is unknown with few charges, unless all of them succeeded", () => {
    expect(valuesOf("charges_failing", charges(15, 5))).toEqual([0.25]);
    expect(valuesOf("charges_failing", charges(14, 5))).toEqual([]);
    expect(valuesOf("charges_failing", charges(1, 0))).toEqual([0]);
    expect(valuesOf("charges_failing", [])).toEqual([]);
  });

  test("is nothing while few attempts were refused", () => {
    const shed = (count: number) =>
      counter("funnel_refused", { stage: "shedding", reason: "overloaded", sale: "drop" }, count);
    const passed = (count: number) => counter("funnel_passed", { sale: "drop" }, count);
    expect(valuesOf("shedding", [shed(2), passed(47)])).toEqual([0]);
    expect(valuesOf("shedding", [shed(2), passed(48)])).toEqual([0.04]);
  });
});

describe("that a line stands still", () => {
  const line = (changes: Partial<WatchedSale> = {}) => ({
    sales: [aSale({ hasLine: true, ...changes })],
  });
  const people = (waiting: number, admittedSince: number) => [
    gauge("line_people", { sale: "drop", state: "waiting" }, waiting),
    gauge("line_people", { sale: "drop", state: "admitted" }, 100, admittedSince),
  ];

  test("counts from the last admission, or from the opening", () => {
    expect(valuesOf("line_stalled", [...units(5), ...people(9, 130)], line())).toEqual([130]);
    const late = line({ opensAt: NOW - 40_000 });
    expect(valuesOf("line_stalled", [...units(5), ...people(9, 130)], late)).toEqual([40]);
  });

  test("is not said while nobody waits, nothing is free, or the sale is not open", () => {
    expect(valuesOf("line_stalled", [...units(5), ...people(0, 130)], line())).toEqual([0]);
    expect(valuesOf("line_stalled", [...units(0), ...people(9, 130)], line())).toEqual([0]);
    for (const changes of [{ isOpen: false }, { isStopped: true }]) {
      expect(valuesOf("line_stalled", [...units(5), ...people(9, 130)], line(changes))).toEqual([
        0,
      ]);
    }
  });
});

test("units of which no figures came are not called missing", () => {
  expect(valuesOf("invariant_broken", units(5).slice(1))).toEqual([]);
  expect(valuesOf("invariant_broken", units(-2))).toEqual([2]);
  expect(valuesOf("invariant_broken", units(5))).toEqual([0]);
});

test("the worst SKU of a sale stands for it", () => {
  const sales = [
    aSale({
      skus: [
        { id: "a", isClosed: false },
        { id: "b", isClosed: false },
      ],
    }),
  ];
  const oldest = (sku: string, age: number) =>
    gauge("outbox_oldest_timestamp_seconds", { sku }, age === 0 ? 0 : NOW / 1_000 - age);
  const series = [oldest("a", 0), oldest("b", 90)];
  expect(valuesOf("outbox_old", series, { sales })).toEqual([90]);
});

test("dead letters are unknown while Redis does not answer", () => {
  expect(valuesOf("dead_letters", [], { deadLetters: null })).toEqual([]);
  expect(valuesOf("dead_letters", [], { deadLetters: 3 })).toEqual([3]);
});

test("watches a sale from ten minutes before it opens to an hour after it closes", () => {
  const [opensAt, closesAt] = [FROM, FROM + 3_600_000];
  const sale = {
    opensAt: new Date(opensAt).toISOString(),
    closesAt: new Date(closesAt).toISOString(),
  };
  const document = { ...sale, id: "drop", admission: { mode: "open" }, skus: [] };
  const catalog = { sales: [{ sale: document }, { sale: null }], switches: [] };
  const watched = (now: number) => watchedSales(catalog as never, now).map(({ isOpen }) => isOpen);
  expect(watched(opensAt - 600_001)).toEqual([]);
  expect(watched(opensAt - 600_000)).toEqual([false]);
  expect(watched(opensAt)).toEqual([true]);
  expect(watched(closesAt + 3_599_999)).toEqual([false]);
  expect(watched(closesAt + 3_600_000)).toEqual([]);
});

// Random frames for property tests. Numbers are whole, so that sums are exact in any order.
import * as fc from "fast-check";
import type { Frame } from "../../src/observability/frame.ts";
import { BOUNDS } from "../../src/observability/series.ts";

const LABELS = ["a", "b", "c"] as const;

const mapOf = <Value>(names: string[], value: fc.Arbitrary<Value>) =>
  fc
    .array(
      fc.tuple(fc.constantFrom(...names.flatMap((n) => LABELS.map((l) => `${n}|${l}`))), value),
      { maxLength: 6 },
    )
    .map((entries) => new Map(entries));

export const aFrame: fc.Arbitrary<Frame> = fc.record({
  counters: mapOf(["funnel_passed", "operator_refused"], fc.integer({ min: 1, max: 1_000 })),
  histograms: mapOf(
    ["queue_age_seconds"],
    fc.array(fc.nat(1_000), { minLength: BOUNDS.length + 2, maxLength: BOUNDS.length + 2 }),
  ),
  gauges: mapOf(["outbox_orders"], fc.tuple(fc.nat(20), fc.nat(20))),
});

/** A frame as text that is the same for the same content. */
export const contentOf = ({ counters, histograms, gauges }: Frame): string =>
  JSON.stringify([counters, histograms, gauges].map((map) => [...map].sort()));

// The terms of a sale over time. From the outside, a change takes effect at an unknown moment between its request
// and its answer. Lookups therefore return everything that may have applied, and a proof objects only to what
// none of it allows.
import type { Sku } from "../../client.ts";
import type { Evidence } from "../evidence.ts";
import type { SaleVersion } from "../scenario.ts";

/** An operator's change applies at every edge after this time. */
export const PROPAGATION_MS = 5_000;
/** Timestamps are whole milliseconds, and a Worker's clock may stand still while it computes. */
const CLOCK_RESOLUTION_MS = 20;

/** Largest difference, in milliseconds, between two timestamps of the same moment. */
export const toleranceOf = ({ clockErrorMs }: Evidence): number =>
  clockErrorMs + CLOCK_RESOLUTION_MS;

/** The terms of one SKU. Times in milliseconds. */
export type Terms = Pick<Sku, "stock" | "perUserLimit" | "unitPrice"> & {
  opensAt: number;
  closesAt: number;
};

/** All terms that may have applied at some moment between `from` and `to`. */
export function termsDuring(evidence: Evidence, from: number, to: number): Terms[] {
  const { history } = evidence;
  const tolerance = toleranceOf(evidence);
  return history
    .filter(({ sentAt }, at) => {
      const nextAnsweredAt = history[at + 1]?.answeredAt ?? Number.POSITIVE_INFINITY;
      return sentAt - tolerance <= to && nextAnsweredAt + tolerance >= from;
    })
    .map((version) => termsOf(evidence, version));
}

export function termsOf({ sku }: Evidence, { sale }: SaleVersion): Terms {
  const { stock, perUserLimit, unitPrice } = sale.skus.find(({ id }) => id === sku.id) as Sku;
  const [opensAt, closesAt] = [Date.parse(sale.opensAt), Date.parse(sale.closesAt)];
  return { stock, perUserLimit, unitPrice, opensAt, closesAt };
}

/** A step function of time: a number that changes at given moments. */
export class StepFunction {
  readonly #steps: { at: number; value: number }[];

  /** `changes`: moments, with the difference each makes. */
  constructor(start: number, changes: { at: number; by: number }[]) {
    let value = start;
    this.#steps = [{ at: -Infinity, value }];
    for (const { at, by } of changes.toSorted((a, b) => a.at - b.at)) {
      value += by;
      this.#steps.push({ at, value });
    }
  }

  /** The lowest and the highest value between `from` and `to`. */
  range(from: number, to: number): { min: number; max: number } {
    const first = this.#steps.findLastIndex(({ at }) => at <= from);
    let { value: min } = this.#steps[first] as { value: number };
    let max = min;
    for (let next = first + 1; (this.#steps[next]?.at ?? Infinity) <= to; next += 1) {
      const { value } = this.#steps[next] as { value: number };
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    return { min, max };
  }
}

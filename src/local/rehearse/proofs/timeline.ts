// What held when. From outside, a change happens at some moment between being sent and being answered, so
// every look into the past gives all that may have held: a proof objects only to what none of it allows.
import type { Sku } from "../../client.ts";
import type { Evidence } from "../evidence.ts";
import type { Change } from "../scene.ts";

/** Clocks show whole milliseconds, and a Worker's may stand still while it computes. */
const TICK_MS = 20;

/** How far a time may be off from another one's point of view. */
export const slackOf = ({ clockErrorMs }: Evidence): number => clockErrorMs + TICK_MS;

/** On which terms a SKU sold; times in milliseconds. */
export type Terms = Pick<Sku, "stock" | "perUserLimit" | "unitPrice"> & {
  opensAt: number;
  closesAt: number;
};

/** The terms that may have held at some moment between `from` and `to`. */
export function termsDuring(evidence: Evidence, from: number, to: number): Terms[] {
  const { history } = evidence;
  const slack = slackOf(evidence);
  return history
    .filter(({ sentAt }, at) => {
      const nextAnsweredAt = history[at + 1]?.answeredAt ?? Number.POSITIVE_INFINITY;
      return sentAt - slack <= to && nextAnsweredAt + slack >= from;
    })
    .map((change) => termsOf(evidence, change));
}

export function termsOf({ sku }: Evidence, { sale }: Change): Terms {
  const { stock, perUserLimit, unitPrice } = sale.skus.find(({ id }) => id === sku.id) as Sku;
  const [opensAt, closesAt] = [Date.parse(sale.opensAt), Date.parse(sale.closesAt)];
  return { stock, perUserLimit, unitPrice, opensAt, closesAt };
}

/** A number that changes at moments. */
export class Steps {
  readonly #steps: { at: number; value: number }[];

  /** `changes`: when, and by how much. */
  constructor(start: number, changes: { at: number; by: number }[]) {
    let value = start;
    this.#steps = [{ at: -Infinity, value }];
    for (const { at, by } of changes.toSorted((a, b) => a.at - b.at)) {
      value += by;
      this.#steps.push({ at, value });
    }
  }

  /** Its lowest and highest value between `from` and `to`. */
  range(from: number, to: number): { least: number; most: number } {
    const after = this.#steps.findLastIndex(({ at }) => at <= from);
    let { value: least } = this.#steps[after] as { value: number };
    let most = least;
    for (let next = after + 1; (this.#steps[next]?.at ?? Infinity) <= to; next += 1) {
      const { value } = this.#steps[next] as { value: number };
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return { least, most };
  }
}

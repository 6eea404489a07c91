// A rule of the alerts: its measure and its words.
import type { RuleName } from "../observability/alert-thresholds.ts";
import type { AlertFigures } from "./figures.ts";

/** One measured value. A rule that cannot know a value has no reading of it, and then nothing starts or ends. */
export interface Reading {
  /** `sale/{id}`, `breaker/{name}` or `deployment`. Each has an alert of its own. */
  about: string;
  value: number;
  /** The SKU with the worst value, if the rule measures SKUs. */
  skuId?: string;
}

export interface Rule {
  name: RuleName;
  /** `critical`: buyers, units or money are affected now. */
  severity: "critical" | "warning";
  title: string;
  /** Of the value and the threshold. A `share` is 0 to 1. */
  unit: "units" | "attempts" | "share" | "charges" | "seconds" | "letters";
  /** The alert starts only once the value was above the threshold for this long, in seconds. */
  afterSeconds: number;
  /** Advice: the first thing to do. */
  advice: string;
  evaluate(figures: AlertFigures): Reading[];
}

// When units were sold: counts in steps of equal length, which grow with the time that they cover. Pure.

const MAX_STEPS = 120;

export interface TimelineView {
  /** ISO 8601. When the first step starts. */
  from: string;
  stepSeconds: number;
  /** Units sold in each step. Without the steps after the last sale. */
  units: number[];
}

/** A quick sell-out is shown by the second, a sale of a week by the hours. */
export class Timeline {
  readonly #from: number;
  #stepMs = 1_000;
  #units: number[] = [];

  /** @param from the start: milliseconds. What was sold before counts for the first step. */
  constructor(from: number) {
    this.#from = from;
  }

  add(at: number, units: number): void {
    const sinceStart = Math.max(0, at - this.#from);
    while (sinceStart >= MAX_STEPS * this.#stepMs) this.#double();
    const step = Math.floor(sinceStart / this.#stepMs);
    while (this.#units.length <= step) this.#units.push(0);
    this.#units[step] = (this.#units[step] as number) + units;
  }

  view(): TimelineView {
    return {
      from: new Date(this.#from).toISOString(),
      stepSeconds: this.#stepMs / 1_000,
      units: [...this.#units],
    };
  }

  /** Merges steps in pairs. */
  #double(): void {
    this.#stepMs *= 2;
    const pairs = Array.from({ length: Math.ceil(this.#units.length / 2) }, (_, at) => at * 2);
    this.#units = pairs.map((at) => (this.#units[at] as number) + (this.#units[at + 1] ?? 0));
  }
}

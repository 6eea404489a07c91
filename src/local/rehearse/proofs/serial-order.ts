// Checks that requests for units could have been served one after the other, knowing only when each was sent and answered
// (linearizability, as in Herlihy and Wing, 1990). Units are interchangeable, so no search through orders is needed.

/** A change of the number of free units, at some moment from `from` to `to`: milliseconds, both included. */
export interface Change {
  units: number;
  from: number;
  to: number;
}

/** What happened to the units of one SKU. */
export interface UnitHistory {
  /** Units that were free at the start. */
  free: number;
  takes: Change[];
  returns: Change[];
}

/** The change of a single unit. */
type Move = Omit<Change, "units">;

const singles = (changes: Change[]): Move[] =>
  changes.flatMap(({ units, from, to }) => Array<Move>(units).fill({ from, to }));

/**
 * All orders in which the changes of a history can have happened. An order of several units counts as that many single ones:
 * for those the check may miss a violation, but it never reports a false one.
 */
export class SerialOrders {
  readonly #takes: Move[];
  readonly #returns: Move[];
  /** The order that keeps the most units free: each return at once, each take as late as it can be. */
  readonly #easiest: Steps;
  readonly #moments: number[];
  readonly #fewest = new Map<number, number>();

  constructor({ free, takes, returns }: UnitHistory) {
    this.#takes = singles(takes).toSorted((a, b) => a.to - b.to);
    this.#returns = singles(returns).toSorted((a, b) => b.from - a.from);
    this.#easiest = new Steps(free, [
      ...this.#returns.map(({ from }) => ({ at: from, by: 1 })),
      ...this.#takes.map(({ to }) => ({ at: to, by: -1 })),
    ]);
    const times = [...this.#takes, ...this.#returns].flatMap(({ from, to }) => [from, to]);
    this.#moments = [...new Set(times)].toSorted((a, b) => a - b);
  }

  /** Units that were taken beyond those that can have been free. 0 if some order fits. */
  get oversold(): number {
    return Math.max(0, -this.#easiest.least(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
  }

  /** Whether fewer than `quantity` units can have been free at some moment from `from` to `to`. */
  canBeShort(quantity: number, from: number, to: number): boolean {
    const isShort = (moment: number) => this.#fewestAt(moment) < quantity;
    const first = this.#moments.findIndex((moment) => moment > from);
    if (isShort(from)) return true;
    for (let at = first; at >= 0 && at < this.#moments.length; at += 1) {
      const moment = this.#moments[at] as number;
      if (moment > to) return false;
      if (isShort(moment)) return true;
    }
    return false;
  }

  /**
   * The fewest units that can have been free at a moment. In the easiest order, takes that are under way move forward to it,
   * and returns that are under way move behind it, as many as leave a unit for every other take.
   */
  #fewestAt(moment: number): number {
    const known = this.#fewest.get(moment);
    if (known !== undefined) return known;
    const ends = this.#takes.flatMap(({ from, to }) => (from <= moment && to > moment ? to : []));
    const starts = this.#returns.flatMap(({ from, to }) =>
      from <= moment && to >= moment ? from : [],
    );
    const moved =
      mostMoves(ends.map((to, at) => this.#easiest.least(ends[at - 1] ?? moment, to, "before"))) +
      mostMoves(
        starts.map((from, at) =>
          at === 0
            ? this.#easiest.least(from, moment)
            : this.#easiest.least(from, starts[at - 1] as number, "before"),
        ),
      );
    const fewest = Math.max(0, this.#easiest.least(moment, moment) - moved);
    this.#fewest.set(moment, fewest);
    return fewest;
  }
}

/**
 * How many moves fit, each of which takes a unit away for a while. Every while contains the one before. `spare`: the fewest
 * free units in that part of it which is not in the one before.
 */
function mostMoves(spare: number[]): number {
  let moves = 0;
  let left = Number.POSITIVE_INFINITY;
  for (const units of spare) {
    left = Math.min(left, units) - 1;
    if (left < 0) break;
    moves += 1;
  }
  return moves;
}

/** A number of units over time. */
class Steps {
  readonly #steps: { at: number; units: number }[];

  constructor(start: number, changes: { at: number; by: number }[]) {
    let units = start;
    this.#steps = [{ at: Number.NEGATIVE_INFINITY, units }];
    for (const [at, same] of Map.groupBy(
      changes.toSorted((a, b) => a.at - b.at),
      (change) => change.at,
    )) {
      // A change without an end never has to happen.
      if (at === Number.POSITIVE_INFINITY) continue;
      units += same.reduce((sum, { by }) => sum + by, 0);
      this.#steps.push({ at, units });
    }
  }

  /** The fewest units from `from` to `to`, which is included unless its end is `before` it. */
  least(from: number, to: number, end?: "before"): number {
    const first = Math.max(
      0,
      this.#steps.findLastIndex(({ at }) => at <= from),
    );
    let least = Number.POSITIVE_INFINITY;
    if (end === "before" && to <= from) return least;
    for (let step = first; step < this.#steps.length; step += 1) {
      const { at, units } = this.#steps[step] as { at: number; units: number };
      if (step > first && (end === "before" ? at >= to : at > to)) break;
      least = Math.min(least, units);
    }
    return least;
  }
}

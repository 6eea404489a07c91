// How many people have a place up to a given one: the curve of arrivals. Places of early people are uniform in [0, 1),
// so that part is a straight line. Later places follow from the sample, and people between two sampled ones are
// taken to be spread evenly.
import type { ArrivalSample } from "./arrival-sample.ts";

/** A place, and the number of people up to it. */
export type CurvePoint = [place: number, people: number];

/** The most points of a published curve. */
const MAX_POINTS = 100;

export class ArrivalCurve {
  /** Places rise strictly from [0, 0] and [1, early people]. */
  readonly #points: readonly CurvePoint[];

  constructor(points: readonly CurvePoint[]) {
    this.#points = points;
  }

  /** Everybody. */
  get people(): number {
    return this.#last[1];
  }

  /** The number of people with a place up to this one. */
  peopleUpTo(place: number): number {
    return interpolate(this.#points, place, 0, 1);
  }

  /** The first place up to which there are that many people. */
  placeOf(people: number): number {
    return interpolate(this.#points, people, 1, 0);
  }

  /** The curve thinned out to at most 100 points. */
  published(): CurvePoint[] {
    const [start, early, ...late] = this.#points as [CurvePoint, CurvePoint, ...CurvePoint[]];
    const step = Math.ceil(late.length / (MAX_POINTS - 2));
    // Counted from the end, so that the last point stays.
    return [start, early, ...late.filter((_, at) => (late.length - 1 - at) % step === 0)];
  }

  get #last(): CurvePoint {
    return this.#points.at(-1) as CurvePoint;
  }
}

/** The curve of a sample. People who came before `closesAt` are early; places after it are seconds, see `admission/place.ts`. */
export function curveOf(sample: ArrivalSample, closesAt: number): ArrivalCurve {
  const weight = 2 ** sample.level;
  const times = sample.entries().map(([, at]) => at);
  const late = times.filter((at) => at >= closesAt).sort((a, b) => a - b);
  const early = (times.length - late.length) * weight;
  const points: CurvePoint[] = [
    [0, 0],
    [1, early],
  ];
  for (const [index, at] of late.entries()) {
    if (at === late[index + 1]) continue;
    // The end of the millisecond, whose people have their places within it.
    points.push([1 + (at + 1 - closesAt) / 1_000, early + (index + 1) * weight]);
  }
  return new ArrivalCurve(points);
}

/** The value of column `to` where column `from` first reaches `wanted`. Outside the points: that of the nearest. */
function interpolate(
  points: readonly CurvePoint[],
  wanted: number,
  from: 0 | 1,
  to: 0 | 1,
): number {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as CurvePoint)[from] < wanted) low = middle + 1;
    else high = middle;
  }
  const after = points[low] as CurvePoint;
  const before = points[low - 1];
  if (!before || after[from] <= wanted) return after[to];
  const share = (wanted - before[from]) / (after[from] - before[from]);
  return before[to] + share * (after[to] - before[to]);
}

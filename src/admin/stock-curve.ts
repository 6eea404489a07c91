// The free units of a SKU over time, from the gauges of its objects. Pure.

/** The gauge of an object. `total` is its latest value; a point is null if it was not set in that step. */
interface UnitsGauge {
  total: number;
  points: readonly (number | null)[];
}

/** The units of all objects at the end of each step. Null before those of each object are known. */
export const stockCurve = (gauges: readonly UnitsGauge[]): (number | null)[] =>
  gauges
    .map(carriedForward)
    .reduce<(number | null)[]>(
      (sum, points) =>
        points.map((point, at) =>
          point === null || sum[at] === null ? null : point + (sum[at] ?? 0),
        ),
      [],
    );

/** A gauge is set when it changes: after a point it kept its value, and without any point it has always had the latest one. */
function carriedForward({ total, points }: UnitsGauge): (number | null)[] {
  let last = points.every((point) => point === null) ? total : null;
  return points.map((point) => {
    last = point ?? last;
    return last;
  });
}

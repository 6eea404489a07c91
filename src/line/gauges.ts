// The gauges of a sale's line.
import { setGauge } from "../observability/metrics.ts";
import type { ArrivalCurve } from "./arrival-curve.ts";
import { admittedPerSecond } from "./frontier-state.ts";
import { type Line, waitingPeople } from "./line.ts";

/** Sets the gauges of a line, as of its last tick. */
export function sampleLine(line: Line, curve: ArrivalCurve): void {
  const { saleId, state } = line;
  setGauge("line_people", curve.people, saleId, "registered");
  setGauge("line_people", waitingPeople(line, curve), saleId, "waiting");
  setGauge("line_people", Math.round(state.admitted), saleId, "admitted");
  setGauge("line_people", Math.round(state.noShows), saleId, "no_show");
  setGauge("line_rate", line.paused ? 0 : line.ratePerSecond, saleId, "wanted");
  setGauge("line_rate", admittedPerSecond(state), saleId, "actual");
}

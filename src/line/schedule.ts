// When the controller of a line has to look at it again. Each tick costs some written rows and two Redis commands, so a line
// in which nobody waits ticks less often.
import { roundTime } from "../admission/draw.ts";
import type { ArrivalCurve } from "./arrival-curve.ts";
import { isBeaconDue, isOver, type Line, waitingPeople } from "./line.ts";

const TICK_MS = 1_000;
const IDLE_TICK_MS = 5_000;

/**
 * When the next tick is due, in milliseconds. Null after the last one, which is after the sale.
 *
 * @param hasNews whether arrivals were reported since the last tick
 */
export function nextTickAt(
  line: Line,
  curve: () => ArrivalCurve,
  hasNews: boolean,
  now: number,
): number | null {
  const { terms, state, chain, round } = line;
  const { lastAt } = state;
  if (lastAt === null) return now;
  if (Math.min(lastAt, now) >= terms.closesAt) return null;
  if (now < terms.registrationOpensAt) return terms.registrationOpensAt;
  const isBusy = hasNews || isBeaconDue(line, now) || isAdmitting(line, curve, now);
  const regular = Math.min(now, lastAt) + (isBusy ? TICK_MS : IDLE_TICK_MS);
  const boundaries = [
    terms.registrationClosesAt,
    roundTime(chain, round),
    terms.opensAt,
    terms.closesAt,
  ];
  return Math.min(regular, ...boundaries.filter((at) => at > now));
}

/** Whether people wait who may be admitted. */
const isAdmitting = (line: Line, curve: () => ArrivalCurve, now: number): boolean =>
  now >= line.terms.opensAt && !isOver(line, now) && waitingPeople(line, curve()) > 0;

// Where a person stands in line: people ahead, time to wait, and when to look again. Pure, for server and browser.
import type { PublicLine } from "./public-line.ts";

/** People with a place up to `place`, interpolated between the points of the curve. */
function peopleUpTo(arrivals: PublicLine["arrivals"], place: number): number {
  const at = arrivals.findIndex(([point]) => point >= place);
  if (at === -1) return arrivals[arrivals.length - 1]?.[1] ?? 0;
  const [right, until] = arrivals[at] as [number, number];
  const [left, before] = arrivals[at - 1] ?? [0, 0];
  const share = right > left ? (place - left) / (right - left) : 1;
  return before + Math.max(0, share) * (until - before);
}

export const isAdmitted = ({ frontier }: Pick<PublicLine, "frontier">, place: number): boolean =>
  place <= frontier;

/** A person's number in line, counted from 1. Exact only where the curve has a point for each person. */
export interface NumberInLine {
  number: number;
  isExact: boolean;
}

/** The number of the person with this place: how many people have a smaller place, and one. */
export function numberInLine(
  { arrivals }: Pick<PublicLine, "arrivals">,
  place: number,
): NumberInLine {
  const at = arrivals.findIndex(([point]) => point >= place);
  // The person's own arrival has not been counted yet, so others may be missing as well.
  if (at === -1) return { number: (arrivals[arrivals.length - 1]?.[1] ?? 0) + 1, isExact: false };
  const [left, before] = arrivals[at - 1] ?? [0, 0];
  const [right, until] = arrivals[at] as [number, number];
  const others = Math.max(0, until - before - 1);
  const share = right > left ? (place - left) / (right - left) : 0;
  return { number: Math.floor(before + share * others) + 1, isExact: others === 0 };
}

/** How many people are to be admitted before the person with this place. */
export function peopleAhead(
  { arrivals, frontier }: Pick<PublicLine, "arrivals" | "frontier">,
  place: number,
): number {
  const ahead = peopleUpTo(arrivals, place) - peopleUpTo(arrivals, frontier);
  return Math.max(0, Math.floor(ahead));
}

/** Longer than a move of the frontier takes to reach every edge, with what a late tick makes up for. */
const SURELY_SECONDS = 10;

/** Whether the line cannot have reached this place by `now` (milliseconds), even if this copy of it is out of date. */
export function isBeyondReach(line: PublicLine, place: number, now: number): boolean {
  const age = Math.max(0, now - Date.parse(line.asOf)) / 1_000;
  return peopleAhead(line, place) > line.ratePerSecond * (age + SURELY_SECONDS);
}

/** Of the people ahead, at least one in this many is expected to take a unit. */
const PEOPLE_PER_UNIT = 2;

/** Whether units are likely to be left, if many of the people ahead take one. */
export const isReachable = (line: PublicLine, place: number, unitsLeft: number): boolean =>
  peopleAhead(line, place) < unitsLeft * PEOPLE_PER_UNIT;

/** The operator's rate can be lower than measured a moment ago, and stock can slow it down. */
const SLACK = 1.25;

/**
 * The seconds until a person is admitted, from the least to the most that is likely. Null if nobody can say: the line
 * is paused or over, or units are not likely to be left.
 *
 * @param unitsLeft free and held units of all SKUs, if known
 */
export function etaSeconds(
  line: PublicLine,
  place: number,
  unitsLeft = Number.POSITIVE_INFINITY,
): [low: number, high: number] | null {
  if (isAdmitted(line, place)) return [0, 0];
  if (line.paused || line.over || !isReachable(line, place, unitsLeft)) return null;
  const { admittedPerSecond: measured, ratePerSecond } = line;
  const rates = measured > 0 ? [measured, ratePerSecond] : [ratePerSecond];
  const start = Math.max(0, Date.parse(line.opensAt) - Date.parse(line.asOf)) / 1_000;
  const ahead = peopleAhead(line, place);
  return [
    Math.floor(start + ahead / Math.max(...rates)),
    Math.ceil(start + SLACK * ((ahead + 1) / Math.min(...rates))),
  ];
}

const MAX_POLL_SECONDS = 60;
/** A person who waits for 40 seconds looks again after 10. */
const LOOKS_PER_WAIT = 4;
/** Everybody waits for the opening, so the first looks after it are spread over this time. */
const SPREAD_SECONDS = 10;

/**
 * When to look at the line again, in seconds: the sooner the closer one's turn, or the end. Between `pollSeconds` and a
 * minute. People who look so often learn of the end within 3 s, unless units sell more than twice as fast as lately.
 *
 * @param place null while it is not known
 * @param now milliseconds, by the server's clock
 * @param random in [0, 1)
 */
export function pollAfter(
  line: PublicLine,
  place: number | null,
  now: number,
  random: number,
): number {
  const opening = Math.max(Date.parse(line.opensAt), Date.parse(line.registrationClosesAt));
  const untilOpening = Math.max(0, opening - now) / 1_000;
  const end = Date.parse(line.asOf) + 1_000 * line.soonestEndSeconds;
  const halfway = Math.max(0, (end - now) / 1_000 - untilOpening) / 2;
  const least = line.pollSeconds * (1 + random / 4);
  const bounded = (seconds: number) => Math.min(MAX_POLL_SECONDS, Math.max(least, seconds));
  if (untilOpening > 0) {
    return bounded(untilOpening + random * Math.min(SPREAD_SECONDS, Math.max(2, halfway)));
  }
  // A pause may end at any moment.
  const [soonest] = (place !== null && etaSeconds({ ...line, paused: false }, place)) || [0];
  const beforeTurn = (soonest / LOOKS_PER_WAIT) * (0.75 + random / 2);
  return bounded(Math.min(beforeTurn, halfway * (0.5 + random / 2)));
}

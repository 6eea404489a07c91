// How far a line had moved when, as far as that was published: in answers about the line, and in the history of its draw.
import type { DrawDocument, FrontierStep } from "../../../admission/draw.ts";
import { peopleAhead } from "../../../admission/standing.ts";
import type { LineRecord } from "../line-record.ts";

/** In any ten seconds, at most eleven seconds' worth of people are admitted. */
const WINDOW_MS = 10_000;
const WINDOW_SECONDS = 11;

const sampled = ({ samples }: LineRecord): FrontierStep[] =>
  samples
    .map(({ asOf, frontier }): FrontierStep => [Date.parse(asOf), frontier])
    .toSorted(([a], [b]) => a - b);

export function historyOf({ draw }: LineRecord): FrontierStep[] {
  const document = draw as DrawDocument | undefined;
  return document?.revealed ? document.history : [];
}

/** Published positions, by time. */
const positions = (record: LineRecord): FrontierStep[] =>
  [...sampled(record), ...historyOf(record)].toSorted(([a], [b]) => a - b);

/**
 * The furthest that the frontier can have been at a time: as far as the next published position. The frontier never
 * moves back, so a person with a higher place was certainly not admitted.
 */
export function frontierBy(record: LineRecord): (time: number) => number {
  const known = positions(record);
  return (time) => (known.find(([at]) => at >= time) ?? known.at(-1))?.[1] ?? 0;
}

/** Published positions that are before an earlier one. */
export function retreats(record: LineRecord): string[] {
  const known = positions(record);
  return known.flatMap(([at, frontier], index) => {
    const before = known[index - 1]?.[1] ?? 0;
    const time = new Date(at).toISOString();
    return frontier < before ? [`it went from ${before} back to ${frontier} at ${time}`] : [];
  });
}

/** Periods of ten seconds or less in which more people were admitted than the rate allows. */
export function rushes(record: LineRecord): string[] {
  const { samples, ratePerSecond } = record;
  const { arrivals } = samples.at(-1) ?? { arrivals: [] };
  const known = sampled(record);
  // A single person is always admitted whole.
  const most = WINDOW_SECONDS * ratePerSecond + 1;
  return known.flatMap(([from, frontier], index) => {
    const within = known.slice(index + 1).filter(([at]) => at - from <= WINDOW_MS);
    const people = peopleAhead({ arrivals, frontier }, within.at(-1)?.[1] ?? frontier);
    const time = new Date(from).toISOString();
    return people > most ? [`${people} people were admitted within 10 s from ${time}`] : [];
  });
}

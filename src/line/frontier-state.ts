// The state of a line's frontier that the controller remembers, and what follows: people expected, rates, units per person.

/** At most this many people are admitted and expected for each free unit. A single person always may be. */
export const OVERSHOOT = 2;
/** `admittedPerSecond` is measured over this time. */
const MEASURED_MS = 30_000;
/** The measured units per person start as if this many people had taken one each. */
const PRIOR = 10;

/** The people admitted at one tick. */
interface Admission {
  /** In decision time. */
  at: number;
  people: number;
  /** How many seconds of the rate that was. */
  seconds: number;
  /** Those who are still expected to take units. */
  expected: number;
}

/** Plain data: the object stores it as JSON at each tick. Numbers of people are expected numbers, and need not be whole. */
export interface FrontierState {
  frontier: number;
  /** When the last tick was, in milliseconds. Null before the first. */
  lastAt: number | null;
  /** Decision time in milliseconds. It advances with the ticks, so that a wrong clock cannot move it. */
  time: number;
  /** Decision time of the first admission. */
  startedAt: number | null;
  /** The free units at the last reading. Null before the first. */
  free: number | null;
  /** Of the last minute, oldest first. */
  admissions: Admission[];
  /** People admitted so far. */
  admitted: number;
  /** Units taken since the first admission, returned ones included. */
  taken: number;
  /** Admitted people who took nothing while they could. */
  noShows: number;
  /** Admitted people for whom nothing was left. */
  overshoot: number;
}

export const INITIAL: FrontierState = {
  frontier: 0,
  lastAt: null,
  time: 0,
  startedAt: null,
  free: null,
  admissions: [],
  admitted: 0,
  taken: 0,
  noShows: 0,
  overshoot: 0,
};

/** The people who are admitted and still expected to take units. */
export const expectedPeople = ({ admissions }: FrontierState): number =>
  sum(admissions, "expected");

/** People admitted per second over the last 30 s, or since the first admission. */
export function admittedPerSecond({ admissions, time, startedAt }: FrontierState): number {
  if (startedAt === null) return 0;
  const span = Math.min(MEASURED_MS, Math.max(1_000, time - startedAt));
  return sum(since(admissions, time - span), "people") / (span / 1_000);
}

/** Units that an admitted person takes on average: from those who are no longer expected. */
export function unitsPerPerson(state: FrontierState, perPerson: number): number {
  const decided = Math.max(0, state.admitted - state.overshoot - expectedPeople(state));
  const measured = (state.taken + PRIOR) / (decided + PRIOR);
  return Math.min(perPerson, Math.max(1 / OVERSHOOT, measured));
}

/** The admissions after that decision time. */
export const since = (admissions: Admission[], time: number): Admission[] =>
  admissions.filter(({ at }) => at > time);

export const sum = (admissions: Admission[], key: "people" | "seconds" | "expected"): number =>
  admissions.reduce((total, admission) => total + admission[key], 0);

// When a circuit breaker opens, probes, and closes. Pure: state, event, and time → state. Not a library's breaker: cockatiel's
// lets all callers wait for a probe and then go at once, and it knows no slow answers.
import type { BreakerLimits } from "../config/breaker-limits.ts";
import { elapsed } from "./elapsed.ts";

/**
 * The outcome of a call. `slow`: it was answered, but took longer than `slowMs`. `untried`: the service was not called, or its
 * answer says nothing about its health.
 */
export type CallOutcome = "answered" | "slow" | "failed" | "untried";

/** Calls of half a window, which starts at `at`. */
interface Tally {
  at: number;
  calls: number;
  failed: number;
  slow: number;
}

/** `spell` numbers the states, so that a call that started in an earlier state decides nothing. Times are milliseconds. */
interface Spell {
  spell: number;
  /** When the state began. */
  since: number;
}

interface Closed extends Spell {
  is: "closed";
  failedInRow: number;
  current: Tally;
  previous: Tally;
}

/** `brokeAt`: when the breaker was last closed. */
interface Open extends Spell {
  is: "open";
  brokeAt: number;
  /** How long nothing is called. */
  pauseMs: number;
}

interface HalfOpen extends Spell {
  is: "half-open";
  brokeAt: number;
  admittedAt: number;
  running: number;
  answered: number;
}

export type BreakerState = Closed | Open | HalfOpen;

/** Two halves approximate a sliding window without a list of calls. */
const HALF_WINDOW_MS = 5_000;
/** So many answers close the breaker. Each lets one more call run at the same time, so the load doubles with each round trip. */
const ANSWERS_TO_CLOSE = 8;
/** The pause is longer by a random part of this share, so that isolates do not probe at the same time. */
const JITTER = 0.5;

const emptyTally = (at: number): Tally => ({ at, calls: 0, failed: 0, slow: 0 });

/** A closed breaker that has seen nothing. */
export const closedBreaker = (now: number, spell = 0): Closed => ({
  is: "closed",
  spell,
  since: now,
  failedInRow: 0,
  current: emptyTally(now),
  previous: emptyTally(now),
});

/**
 * Whether a call may start: the state with that call, or undefined if it may not. While the breaker is half-open, calls that
 * take longer than `limitMs` belong to canceled requests and never end. They must not keep others from probing.
 */
export function admitCall(
  state: BreakerState,
  now: number,
  limits: BreakerLimits,
): BreakerState | undefined {
  if (state.is === "closed") return state;
  // A clock that was set back makes the pause end early.
  if (state.is === "open")
    return elapsed(state.since, now) < state.pauseMs ? undefined : probing(state, now);
  if (state.running <= state.answered) {
    return { ...state, running: state.running + 1, admittedAt: now };
  }
  const isLost = elapsed(state.admittedAt, now) >= limits.limitMs + limits.openMs;
  return isLost ? probing(state, now) : undefined;
}

const probing = ({ spell, brokeAt }: Open | HalfOpen, now: number): HalfOpen => ({
  is: "half-open",
  spell: spell + 1,
  since: now,
  brokeAt,
  admittedAt: now,
  running: 1,
  answered: 0,
});

/**
 * The state after a call ended that started in the state number `spell`.
 *
 * @param random from 0 to 1: spreads the probes of many isolates
 */
export function endCall(
  state: BreakerState,
  { spell, outcome }: { spell: number; outcome: CallOutcome },
  now: number,
  limits: BreakerLimits,
  random: number,
): BreakerState {
  if (state.spell !== spell || state.is === "open") return state;
  if (state.is === "half-open") return afterProbe(state, outcome, now, limits, random);
  if (outcome === "untried") return state;
  const counted = withCall(state, outcome, now);
  return isBroken(counted, limits) ? opened(counted, now, now, limits, random) : counted;
}

const opened = (
  { spell }: BreakerState,
  brokeAt: number,
  now: number,
  { openMs }: BreakerLimits,
  random: number,
): Open => ({
  is: "open",
  spell: spell + 1,
  since: now,
  brokeAt,
  pauseMs: openMs * (1 + JITTER * random),
});

/** With little traffic, time closes the breaker instead of the number of answers. */
function afterProbe(
  state: HalfOpen,
  outcome: CallOutcome,
  now: number,
  limits: BreakerLimits,
  random: number,
): BreakerState {
  const running = Math.max(0, state.running - 1);
  if (outcome === "untried") return { ...state, running };
  if (outcome !== "answered") return opened(state, state.brokeAt, now, limits, random);
  const answered = state.answered + 1;
  const isOver = answered >= ANSWERS_TO_CLOSE || elapsed(state.since, now) >= limits.openMs;
  return isOver ? closedBreaker(now, state.spell + 1) : { ...state, answered, running };
}

function withCall(state: Closed, outcome: CallOutcome, now: number): Closed {
  const { current, previous } = turned(state, now);
  const isFailed = outcome === "failed";
  return {
    ...state,
    failedInRow: isFailed ? state.failedInRow + 1 : 0,
    previous,
    current: {
      at: current.at,
      calls: current.calls + 1,
      failed: current.failed + (isFailed ? 1 : 0),
      slow: current.slow + (outcome === "slow" ? 1 : 0),
    },
  };
}

/** The halves of the window as of now. */
function turned({ current, previous }: Closed, now: number): Pick<Closed, "current" | "previous"> {
  const age = elapsed(current.at, now);
  if (age < HALF_WINDOW_MS) return { current, previous };
  const isPrevious = age < 2 * HALF_WINDOW_MS;
  return { current: emptyTally(now), previous: isPrevious ? current : emptyTally(now) };
}

/** Few calls cannot show a share, but several failures in a row mean that nothing is answered. */
function isBroken({ failedInRow, current, previous }: Closed, limits: BreakerLimits): boolean {
  if (failedInRow >= limits.failuresInRow) return true;
  const calls = current.calls + previous.calls;
  if (calls < limits.minimumCalls) return false;
  return (
    current.failed + previous.failed > limits.failureShare * calls ||
    current.slow + previous.slow > limits.slowShare * calls
  );
}

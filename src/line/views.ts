// The views of a line: for everyone, for the objects of SKUs, for the operator, and for people who check the draw.
import type { LineReport } from "../admission/client.ts";
import { type DrawDocument, type FrontierStep, roundTime } from "../admission/draw.ts";
import { fromHex } from "../admission/hex.ts";
import { commitmentOf } from "../admission/history.ts";
import { signPass } from "../admission/pass.ts";
import {
  ended,
  POLL_SECONDS,
  type PublicLine,
  type PublishedLine,
} from "../admission/public-line.ts";
import type { ArrivalCurve } from "./arrival-curve.ts";
import { admittedPerSecond } from "./frontier-state.ts";
import { isBeaconDue, isOver, type Line, unitsAdmitted, waitingPeople } from "./line.ts";

/**
 * The line is ending from here on. Someone who looks just before that comes again after at most 2.5 s, by a line that is at most
 * 3.5 s old. So they come before the end, or at most 2 s after it if units sell twice as fast as lately.
 */
const ENDING_SECONDS = 6;
/** Relays have a round a moment after it is due. */
const BEACON_GRACE_MS = 3_000;

const iso = (time: number): string => new Date(time).toISOString();

const isBeaconLate = (line: Line, now: number): boolean => isBeaconDue(line, now - BEACON_GRACE_MS);

const counts = (line: Line, curve: ArrivalCurve): { registered: number; waiting: number } => ({
  registered: curve.people,
  waiting: waitingPeople(line, curve),
});

/** In how many seconds the line can be over at the soonest, at the fastest pace of late. 0 while the stock is unknown. */
function soonestEnd(line: Line, now: number): number {
  const { terms, chain, round, state, stock, pace } = line;
  const start = state.startedAt === null ? Math.max(terms.opensAt, roundTime(chain, round)) : now;
  // A line that was stored by an earlier release knows neither.
  const left = stock?.left ?? 0;
  const fastest = pace?.fastest ?? unitsAdmitted(line);
  const soldAt = Math.max(start, now) + (left === 0 ? 0 : (1_000 * left) / fastest);
  return Math.max(0, Math.min(soldAt, terms.closesAt) - now) / 1_000;
}

/** The line as everyone sees it at `now`. */
export function publicLine(line: Line, curve: ArrivalCurve, now: number): PublicLine {
  const { terms, state, stock, paused, isStopped, ratePerSecond, history } = line;
  const isLate = isBeaconLate(line, now);
  const soonestEndSeconds = Math.floor(10 * soonestEnd(line, now)) / 10;
  // While a switch stops the sale, which may take hours, nobody can buy the last unit.
  const ending = soonestEndSeconds <= ENDING_SECONDS && !isStopped;
  const shown: PublicLine = {
    asOf: iso(now),
    mode: terms.mode,
    opensAt: iso(terms.opensAt),
    registrationOpensAt: iso(terms.registrationOpensAt),
    registrationClosesAt: iso(terms.registrationClosesAt),
    frontier: state.frontier,
    ...counts(line, curve),
    admittedPerSecond: admittedPerSecond(state),
    ratePerSecond,
    arrivals: curve.published(),
    paused: paused || isStopped === true,
    over: false,
    mayReturn: now >= terms.opensAt && stock?.mayReturn === true,
    notice: line.notice ?? (isLate ? "beacon_late" : null),
    beaconLate: isLate,
    pollSeconds: POLL_SECONDS[ending ? "ending" : "waiting"],
    soonestEndSeconds,
    historyHash: history.hash,
  };
  return isOver(line, now) ? ended(shown) : shown;
}

/** The line with the pass for the objects of SKUs, signed with `secret`. */
export function publishedLine(
  secret: string,
  line: Line,
  curve: ArrivalCurve,
  now: number,
): PublishedLine {
  const { saleId, terms, seed, beacon, state } = line;
  const draw = beacon && { seed, randomness: beacon.randomness };
  const close = { closesAt: terms.registrationClosesAt, draw };
  const pass = signPass(secret, { saleId, frontier: state.frontier, asOf: now, ...close });
  return { line: publicLine(line, curve, now), pass };
}

/** The line as its operator sees it. */
export function reportOf(line: Line, curve: ArrivalCurve, now: number): LineReport {
  const { saleId, terms, state, stock, beacon } = line;
  return {
    saleId,
    mode: terms.mode,
    ratePerSecond: line.ratePerSecond,
    paused: line.paused,
    notice: line.notice,
    registrationOpensAt: iso(terms.registrationOpensAt),
    registrationClosesAt: iso(terms.registrationClosesAt),
    frontier: state.frontier,
    over: isOver(line, now),
    ...counts(line, curve),
    admitted: Math.round(state.admitted),
    bought: stock?.taken ?? 0,
    noShows: Math.round(state.noShows),
    overshoot: Math.round(state.overshoot),
    beacon: {
      round: line.round,
      state: beacon ? "known" : isBeaconLate(line, now) ? "late" : "waiting",
    },
  };
}

/** The public part of the draw. The seed is secret until the beacon is known. */
export function drawDocument(line: Line, history: () => FrontierStep[]): DrawDocument {
  const { saleId, terms, seed, chain, round, beacon } = line;
  const committed = {
    saleId,
    mode: terms.mode,
    commitment: commitmentOf(fromHex(seed)),
    round,
    chain,
    registrationClosesAt: iso(terms.registrationClosesAt),
  };
  if (!beacon) return { ...committed, revealed: false };
  const steps = { history: history(), historyHash: line.history.hash };
  return { ...committed, revealed: true, seed, ...beacon, ...steps };
}

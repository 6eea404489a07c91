// A sale's line as its controller stores it, and what changes it: the sale's terms, the operator, and each tick. Pure.
import type { BeaconRound } from "../admission/beacon-chain.ts";
import type { ConfigureLine, LineChange, LineTerms } from "../admission/client.ts";
import { type Chain, type FrontierStep, roundAfter, roundTime } from "../admission/draw.ts";
import { fromHex } from "../admission/hex.ts";
import { commitmentOf, nextLink } from "../admission/history.ts";
import { canMoveClose } from "../admission/settings.ts";
import type { ArrivalCurve } from "./arrival-curve.ts";
import { decideFrontier } from "./decide-frontier.ts";
import { type FrontierState, INITIAL } from "./frontier-state.ts";
import { measurePace, type Pace } from "./pace.ts";
import type { StockReading } from "./stock-reading.ts";

/** Plain data: the object stores it as JSON. Times are milliseconds. */
export interface Line {
  saleId: string;
  /** The terms in effect. A sale that has a line no more keeps the last ones, in case it gets its line back. */
  terms: LineTerms;
  isActive: boolean;
  /** The operator's settings. */
  ratePerSecond: number;
  paused: boolean;
  notice: string | null;
  /** Whether a switch stops the sale: nobody can buy, so nobody is admitted, and no time passes for those who were. */
  isStopped?: boolean;
  /** 32 secret bytes in hexadecimal, until the beacon is known. */
  seed: string;
  chain: Chain;
  /** The round that decides the places. */
  round: number;
  beacon: { randomness: string; signature: string } | null;
  state: FrontierState;
  /** The last known stock. */
  stock: StockReading | null;
  /** Null until it is measured. */
  pace: Pace | null;
  history: HistoryEnd;
}

interface HistoryEnd {
  /** The last link of the chain. */
  hash: string;
  last: FrontierStep | null;
}

/** The inputs of a new line beside its terms. */
export interface Origin {
  seed: string;
  chain: Chain;
}

/**
 * The line after a revision of its sale. Once registration has closed, or if it would close in the past, mode and close
 * stay as they are: the draw depends on them. A sale that lost its line gets it back if the close is still the same.
 */
export function configureLine(
  line: Line | null,
  { saleId, terms }: Pick<ConfigureLine, "saleId" | "terms">,
  origin: Origin,
  now: number,
): Line | null {
  if (!terms) return line && { ...line, isActive: false };
  const close = line?.terms.registrationClosesAt;
  if (!line || (!line.isActive && close !== terms.registrationClosesAt)) {
    return newLine(saleId, terms, origin);
  }
  const isFixed = !canMoveClose(close as number, terms.registrationClosesAt, now);
  const { mode, registrationClosesAt } = isFixed ? line.terms : terms;
  const isNewRate = terms.ratePerSecond !== line.terms.ratePerSecond;
  return {
    ...line,
    isActive: true,
    terms: { ...terms, mode, registrationClosesAt },
    ratePerSecond: isNewRate ? terms.ratePerSecond : line.ratePerSecond,
    pace: null,
    round: roundAfter(line.chain, registrationClosesAt),
  };
}

function newLine(saleId: string, terms: LineTerms, { seed, chain }: Origin): Line {
  return {
    saleId,
    terms,
    isActive: true,
    ratePerSecond: terms.ratePerSecond,
    paused: false,
    notice: null,
    seed,
    chain,
    round: roundAfter(chain, terms.registrationClosesAt),
    beacon: null,
    state: INITIAL,
    stock: null,
    pace: null,
    history: { hash: commitmentOf(fromHex(seed)), last: null },
  };
}

/** The line after an operator's change. It may sell faster from now on, so its pace is measured anew. */
export const changeLine = (line: Line, change: LineChange): Line => ({
  ...line,
  ratePerSecond: change.ratePerSecond ?? line.ratePerSecond,
  paused: change.paused ?? line.paused,
  notice: change.notice === undefined ? line.notice : change.notice,
  pace: null,
});

/** Whether the beacon's round should be out by now, and is not known. */
export const isBeaconDue = ({ beacon, chain, round }: Line, now: number): boolean =>
  beacon === null && now >= roundTime(chain, round);

/** The line once its round is known. A known one is never replaced, and another round decides nothing. */
export const withBeacon = (line: Line, { round, randomness, signature }: BeaconRound): Line =>
  line.beacon || round !== line.round ? line : { ...line, beacon: { randomness, signature } };

/** Whether nobody else will be admitted: the sale has closed, or everything is sold for good. */
export const isOver = ({ terms, stock }: Line, now: number): boolean =>
  now >= terms.closesAt || (now >= terms.opensAt && stock?.isSoldOut === true);

/** Rounding errors of the curve are below this share of a person. */
const NOBODY = 1e-6;

/** The people who are registered and not admitted yet. Rounded up, so that the last person counts until the end. */
export const waitingPeople = ({ state }: Line, curve: ArrivalCurve): number =>
  Math.max(0, Math.ceil(curve.people - curve.peopleUpTo(state.frontier) - NOBODY));

/** The most units that one person may take. */
const perPersonOf = ({ skus, perUserLimit: ofSale }: LineTerms): number =>
  Math.min(
    skus.reduce((sum, { perUserLimit }) => sum + perUserLimit, 0),
    ofSale ?? Number.POSITIVE_INFINITY,
  );

/** The most units that people take per second, if each takes all they may at once. */
export const unitsAdmitted = ({ ratePerSecond, terms }: Line): number =>
  ratePerSecond * perPersonOf(terms);

/** The line after a tick, with the step that its history gets. `stock` is null if it is unknown now. */
export function tick(
  line: Line,
  curve: ArrivalCurve,
  stock: StockReading | null,
  now: number,
): { line: Line; step: FrontierStep | null } {
  const state = line.isStopped ? { ...line.state, lastAt: now } : moved(line, curve, stock, now);
  const pace = line.isStopped ? line.pace : paced(line, state, stock, now);
  const ticked = { ...line, state, stock: stock ?? line.stock, pace };
  const step = nextStep(ticked, now);
  if (!step) return { line: ticked, step };
  const history = { hash: nextLink(line.history.hash, step), last: step };
  return { line: { ...ticked, history }, step };
}

function moved(
  { state, terms, beacon, paused, ratePerSecond }: Line,
  curve: ArrivalCurve,
  stock: StockReading | null,
  now: number,
): FrontierState {
  const isOpen = now >= terms.opensAt && now < terms.closesAt;
  return decideFrontier(
    state,
    {
      isMoving: isOpen && beacon !== null && !paused,
      ratePerSecond,
      curve,
      closesAt: terms.registrationClosesAt,
      free: stock?.free ?? null,
      perPerson: perPersonOf(terms),
    },
    now,
  );
}

/** Unmeasured before the first admission, and unchanged while the stock is unknown. */
function paced(
  line: Line,
  { startedAt }: FrontierState,
  stock: StockReading | null,
  now: number,
): Pace | null {
  if (!stock || startedAt === null) return line.pace;
  return measurePace(line.pace, stock.left, unitsAdmitted(line), now - (line.state.lastAt ?? now));
}

/** Steps are at least a second and a thousandth of the elapsed time apart, so a long sale has only some thousands. */
const LEAST_STEP_MS = 1_000;
const STEP_SHARE = 0.001;

/** The next step of the history, if one is due. Its time is after the last one's, and not before the beacon's. */
function nextStep(line: Line, now: number): FrontierStep | null {
  const { terms, chain, round, state, history } = line;
  const drawnAt = roundTime(chain, round);
  const [at, frontier] = history.last ?? [drawnAt - 1, 0];
  if (state.frontier === frontier) return null;
  const apart = Math.max(LEAST_STEP_MS, STEP_SHARE * (now - Math.max(terms.opensAt, drawnAt)));
  const isDue = history.last === null || isOver(line, now) || Math.abs(now - at) >= apart;
  return isDue ? [Math.max(now, at + 1), state.frontier] : null;
}

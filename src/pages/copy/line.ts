// The copy of a sale's line: what a person who waits is told. Pure, shared by server and browser.
import type { PublicLine } from "../../admission/public-line.ts";
import {
  etaSeconds,
  isAdmitted,
  isReachable,
  numberInLine,
  peopleAhead,
} from "../../admission/standing.ts";
import { range, rounded, type Units } from "./line-figures.ts";
import type { Halt } from "./stop.ts";
import type { Wording } from "./wording.ts";

/** The controller's notice while the beacon is late. */
const BEACON_LATE = "beacon_late";

/**
 * Where a visitor stands. `early`: registration has not opened. `apart`: not in line. `undrawn`: in line, and the places
 * are not known yet.
 */
export type Standing = "early" | "apart" | "undrawn" | "waiting" | "admitted" | "over";

/** Everything that the copy depends on. Times are milliseconds. */
export interface LineState {
  /** Undefined while the line is not known. */
  line: PublicLine | undefined;
  registration: { opensAt: number; closesAt: number };
  /** Whether the visitor has a ticket. */
  joined: boolean;
  /** Null while it is not known. */
  place: number | null;
  /** Free and held units of all SKUs, if known. */
  units: Units | undefined;
  /** Whether the line can't be read at the moment. */
  isCut?: boolean;
  now: number;
}

/** Whether the draw waits for the beacon. */
export const isBeaconLate = (line: PublicLine | undefined): boolean =>
  line?.beaconLate ?? line?.notice === BEACON_LATE;

export function standingOf({ line, registration, joined, place, now }: LineState): Standing {
  if (line?.over) return "over";
  if (now < registration.opensAt) return "early";
  if (!joined) return "apart";
  if (place === null) return "undrawn";
  return line && isAdmitted(line, place) ? "admitted" : "waiting";
}

/** The main sentence of the panel. */
export function lineText(state: LineState, wording: Wording): string {
  const { registration, now } = state;
  const { words, fill } = wording;
  const at = (ms: number) => ({ time: wording.time(new Date(ms).toISOString()) });
  switch (standingOf(state)) {
    case "early":
      return fill(words.line.early, at(registration.opensAt));
    case "apart":
      return words.line.apart;
    case "undrawn":
      if (now < registration.closesAt) return fill(words.line.undrawn, at(registration.closesAt));
      return isBeaconLate(state.line) ? words.line.beacon : words.line.drawing;
    case "waiting":
      return aheadText(state, wording);
    case "admitted":
      return words.line.admitted;
    case "over":
      return words.line.over;
  }
}

function aheadText({ line, place }: LineState, { words, fill }: Wording): string {
  if (!line || place === null) return words.line.inLine;
  const ahead = peopleAhead(line, place);
  const { isExact } = numberInLine(line, place);
  if (ahead === 0) return isExact ? words.line.next : words.line.nearlyNext;
  return isExact
    ? fill(words.line.ahead, { n: ahead })
    : fill(words.line.aboutAhead, { n: rounded(ahead) });
}

/** Why a person waits, and how likely their turn is. `soon`: their turn comes in a time that is known. */
export type Outlook = "unknown" | "cut" | "paused" | "held" | "unlikely" | "soon";

export function outlookOf(state: LineState): Outlook {
  const { line, place, units, isCut = false } = state;
  const standing = standingOf(state);
  if (isCut && (standing === "undrawn" || standing === "waiting")) return "cut";
  if (!line || place === null || standing !== "waiting") return "unknown";
  if (line.paused) return "paused";
  if (line.mayReturn) return "held";
  return isReachable(line, place, leftOf(units)) ? "soon" : "unlikely";
}

const leftOf = (units: LineState["units"]): number =>
  units ? units.free + units.held : Number.POSITIVE_INFINITY;

/** How long the wait is, why nobody can say, or how to get a place. */
export function waitText(state: LineState, wording: Wording): string {
  const { line, place, units } = state;
  const { words, fill } = wording;
  switch (outlookOf(state)) {
    case "unknown":
      return entryText(state, wording);
    case "cut":
      return words.line.cut;
    case "paused":
      return words.line.paused;
    case "held":
      return words.line.held;
    case "unlikely":
      return fill(words.line.unlikely, { n: leftOf(units) });
    case "soon": {
      const eta = etaSeconds(line as PublicLine, place as number, leftOf(units));
      return eta ? fill(words.line.turnIn, { wait: range(eta, wording) }) : "";
    }
  }
}

/** The difference that the time of joining makes. */
function entryText(state: LineState, { words: { line }, fill, time }: Wording): string {
  const { registration, now } = state;
  const isEarly = now < registration.closesAt;
  switch (standingOf(state)) {
    case "apart": {
      if (!isEarly) return line.afterAll;
      return fill(line.sameChance, { time: time(new Date(registration.closesAt).toISOString()) });
    }
    case "undrawn":
      return isEarly ? line.mayLeave : "";
    default:
      return "";
  }
}

/** The Buy button of a visitor whose turn it is not. */
export const notYourTurn = (isInLine: boolean, { words: { buy } }: Wording): Halt =>
  isInLine
    ? { label: buy.turn, why: buy.turnWhy }
    : { label: buy.joinFirst, why: buy.joinFirstWhy };

/** The operator's notice to people who wait. The beacon has words of its own. */
export const operatorNotice = (line: PublicLine | undefined): string =>
  line?.notice === BEACON_LATE ? "" : (line?.notice ?? "");

/** How many people are in line. Empty once the visitor's own number says it. */
export function countText({ line, place }: LineState, { words, fill }: Wording): string {
  if (!line || line.over || line.registered === 0 || place !== null) return "";
  const joined = fill(words.line.joined, { n: line.registered });
  return fill(words.line.joinedWaiting, { joined, n: line.waiting });
}

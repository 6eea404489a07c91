// The copy of a sale's line: what a person who waits is told. Pure, shared by server and browser.
import type { PublicLine } from "../../admission/public-line.ts";
import {
  etaSeconds,
  isAdmitted,
  isReachable,
  numberInLine,
  peopleAhead,
} from "../../admission/standing.ts";
import { count, range, rounded, type Units } from "./line-figures.ts";
import type { Format } from "./refusal.ts";

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

/** The main sentence of the panel. `time` formats ISO 8601. */
export function lineText(state: LineState, time: Format["time"]): string {
  const { registration, now, line } = state;
  const at = (ms: number) => time(new Date(ms).toISOString());
  switch (standingOf(state)) {
    case "early":
      return `This sale has a line. You can join it from ${at(registration.opensAt)}.`;
    case "apart":
      return "This sale has a line. Join it to get your turn.";
    case "undrawn":
      if (now < registration.closesAt)
        return `You're in line. Places are drawn at ${at(registration.closesAt)}.`;
      return isBeaconLate(line)
        ? "You're in line. We're waiting for the public random number that decides the places."
        : "You're in line. The places are being drawn.";
    case "waiting":
      return aheadText(state);
    case "admitted":
      return "It's your turn. You can buy now.";
    case "over":
      return "The line is over: nothing is left.";
  }
}

function aheadText({ line, place }: LineState): string {
  if (!line || place === null) return "You're in line.";
  const ahead = peopleAhead(line, place);
  const { isExact } = numberInLine(line, place);
  if (ahead === 0) return isExact ? "You're next." : "You're one of the next.";
  const people = ahead === 1 ? "person is" : "people are";
  return isExact
    ? `${count(ahead)} ${people} ahead of you.`
    : `About ${rounded(ahead)} ${people} ahead of you.`;
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

/** How long the wait is, why nobody can say, or how to get a place. `time` formats ISO 8601. */
export function waitText(state: LineState, time: Format["time"]): string {
  const { line, place, units } = state;
  switch (outlookOf(state)) {
    case "unknown":
      return entryText(state, time);
    case "cut":
      return "The line can't be reached right now. You keep your place.";
    case "paused":
      return "The line is paused. You keep your place.";
    case "held":
      return "All units are reserved. If one comes back, the next in line gets it.";
    case "unlikely": {
      const left = leftOf(units);
      const only = `Only ${count(left)} ${left === 1 ? "unit is" : "units are"} left`;
      return `${only}, so your turn will probably not come. You keep your place in case units come back.`;
    }
    case "soon": {
      const eta = etaSeconds(line as PublicLine, place as number, leftOf(units));
      return eta ? `Your turn comes in ${range(eta)}.` : "";
    }
  }
}

/** The difference that the time of joining makes. */
function entryText(state: LineState, time: Format["time"]): string {
  const { registration, now } = state;
  const isEarly = now < registration.closesAt;
  const until = time(new Date(registration.closesAt).toISOString());
  switch (standingOf(state)) {
    case "apart":
      return isEarly
        ? `Everyone who joins before ${until} has the same chance of a good place.`
        : "You get the place after everyone who has joined so far.";
    case "undrawn":
      return isEarly ? "You can leave until then. Your chance stays the same." : "";
    default:
      return "";
  }
}

/** How places are given, for both modes. */
export const HOW: Record<PublicLine["mode"], string> = {
  queue:
    "People who join before the places are drawn get a random place. People who join later follow in order of arrival.",
  draw: "People who join before the places are drawn all have the same chance. People who join later follow after them.",
};

export const PROOF =
  "Nobody can choose the places, not even the shop: they follow from a seed that was sealed before anyone could join, and from a public random number that comes afterwards.";

/** The Buy button of a visitor whose turn it is not. */
export const NOT_YOUR_TURN: Record<"apart" | "waiting", { label: string; why: string }> = {
  apart: {
    label: "Join the line first",
    why: "This sale has a line. Join it above to get your turn.",
  },
  waiting: {
    label: "Wait for your turn",
    why: "It isn't your turn yet. You can buy here as soon as it is.",
  },
};

/** The operator's notice to people who wait. The beacon has words of its own. */
export const operatorNotice = (line: PublicLine | undefined): string =>
  line?.notice === BEACON_LATE ? "" : (line?.notice ?? "");

/** How many people are in line. Empty once the visitor's own number says it. */
export function countText({ line, place }: LineState): string {
  if (!line || line.over || line.registered === 0 || place !== null) return "";
  const { registered, waiting } = line;
  const joined = `${count(registered)} ${registered === 1 ? "person has" : "people have"} joined`;
  return `${joined}, ${count(waiting)} ${waiting === 1 ? "is" : "are"} waiting.`;
}

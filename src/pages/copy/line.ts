// The copy of a sale's line: what a person who waits is told. Pure, shared by server and browser.
import type { PublicLine } from "../../admission/public-line.ts";
import { etaSeconds, isAdmitted, isReachable, peopleAhead } from "../../admission/standing.ts";

/** The controller's notice while the beacon is late. */
const BEACON_LATE = "beacon_late";

/**
 * Where a visitor stands. `early`: registration has not opened. `apart`: not in line. `undrawn`: in line, and the places
 * are not known yet.
 */
export type Standing = "early" | "apart" | "undrawn" | "waiting" | "admitted" | "over";

/** What the copy depends on. Times are milliseconds. */
export interface LineState {
  /** Undefined while the line is not known. */
  line: PublicLine | undefined;
  registration: { opensAt: number; closesAt: number };
  /** Whether the visitor has a ticket. */
  joined: boolean;
  /** Null while it is not known. */
  place: number | null;
  /** Free and held units, if known. */
  unitsLeft: number | undefined;
  /** Whether the line can't be read at the moment. */
  isCut?: boolean;
  now: number;
}

/** Whether the draw waits for the beacon. */
export const isBeaconLate = (line: PublicLine | undefined): boolean => line?.notice === BEACON_LATE;

export function standingOf({ line, registration, joined, place, now }: LineState): Standing {
  if (line?.over) return "over";
  if (now < registration.opensAt) return "early";
  if (!joined) return "apart";
  if (place === null) return "undrawn";
  return line && isAdmitted(line, place) ? "admitted" : "waiting";
}

/** The main sentence of the panel. `time` formats ISO 8601. */
export function lineText(state: LineState, time: (iso: string) => string): string {
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
      return waitingText(state);
    case "admitted":
      return "It's your turn. You can buy now.";
    case "over":
      return "The line is over: nothing is left.";
  }
}

function waitingText({ line, place }: LineState): string {
  if (!line || place === null) return "You're in line.";
  const ahead = peopleAhead(line, place);
  return ahead === 0
    ? "You're next."
    : `${number(ahead)} ${ahead === 1 ? "person is" : "people are"} ahead of you.`;
}

/** How long the wait is, or why nobody can say. Empty unless the visitor waits. */
export function waitText(state: LineState): string {
  const { line, place, unitsLeft = Number.POSITIVE_INFINITY, isCut = false } = state;
  const standing = standingOf(state);
  if (isCut && (standing === "undrawn" || standing === "waiting")) {
    return "The line can't be reached right now. You keep your place.";
  }
  if (!line || place === null || standing !== "waiting") return "";
  if (line.paused) return "The line is paused. You keep your place.";
  if (line.mayReturn) return "All units are reserved. If one comes back, the next in line gets it.";
  if (!isReachable(line, place, unitsLeft)) {
    return "Your turn will probably not come: more people are ahead of you than units are left. You keep your place in case units come back.";
  }
  const eta = etaSeconds(line, place, unitsLeft);
  return eta ? `Your turn comes in ${range(eta)}.` : "";
}

const number = (count: number): string => count.toLocaleString("en-US");

/** "less than a minute", "about 4 minutes", "3 to 5 minutes". */
function range([low, high]: [low: number, high: number]): string {
  const [from, to] = [Math.floor(low / 60), Math.ceil(high / 60)];
  if (to <= 1) return "less than a minute";
  if (from >= to) return `about ${to} minutes`;
  return from === 0 ? `less than ${to} minutes` : `${from} to ${to} minutes`;
}

/** How places are given, for both modes. */
export const HOW: Record<PublicLine["mode"], string> = {
  queue:
    "Everybody who joins before the places are drawn gets a random one. Whoever joins later follows in order of arrival.",
  draw: "Everybody who joins before the places are drawn has the same chance. Whoever joins later follows after them.",
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

/** What the operator says to those who wait. The beacon has words of its own. */
export const operatorNotice = (line: PublicLine | undefined): string =>
  isBeaconLate(line) ? "" : (line?.notice ?? "");

/** How many people are in line. */
export function countText(line: PublicLine | undefined): string {
  if (!line || line.over || line.registered === 0) return "";
  const { registered, waiting } = line;
  const joined = `${number(registered)} ${registered === 1 ? "person has" : "people have"} joined`;
  return `${joined}, ${number(waiting)} ${waiting === 1 ? "is" : "are"} waiting.`;
}

// The proofs about what everybody sees: the live stock is as old as it says, and in the end everything agrees.
import { formatNumber } from "../../terminal-format.ts";
import type { Evidence } from "../evidence.ts";
import { SETTLE_MS } from "../settle.ts";
import { FreeUnits } from "./free-units.ts";

/** Live stock is published once a second; another second is for the way to where it is read. */
const PUBLISHED_MS = 2_000;

/** The number that was shown was true at some moment within its age. */
export function liveStock(evidence: Evidence): string[] {
  const free = new FreeUnits(evidence);
  return evidence.live.flatMap(({ asOf, available, state }) => {
    const at = Date.parse(asOf);
    const { least, most } = free.atSomeMoment(at - PUBLISHED_MS, at);
    const range = least === most ? String(least) : `${least} to ${most}`;
    return [
      ...(available < Math.max(0, least) || available > most
        ? [`${available} free units shown as of ${asOf}, there were ${range}`]
        : []),
      ...((state === "sold_out" || state === "held") !== (available === 0)
        ? [`${available} free units shown as ${state}`]
        : []),
    ];
  });
}

export const SETTLES = `everything settles within ${formatNumber(SETTLE_MS / 1_000)} s`;

export function settles({ settledMs, after }: Evidence): string[] {
  return settledMs === undefined
    ? [
        `${after.unacknowledged} orders unacknowledged, ${after.held} units held, ` +
          `${after.available} free or not shown so`,
      ]
    : [];
}

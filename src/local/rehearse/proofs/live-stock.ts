// The proofs about live stock: while the sale runs, and once every order is final.
import { formatNumber } from "../../terminal-format.ts";
import type { Evidence } from "../evidence.ts";
import { FINAL_WITHIN_MS } from "../wait-until-final.ts";
import { AvailableUnits } from "./available-units.ts";

/** Live stock is published once a second. A second more is allowed for reaching its readers. */
const PUBLISHED_WITHIN_MS = 2_000;

/**
 * Every number shown was correct at some moment within its age, and the state shown fits it. An edge that reads slowly shows a
 * newer number than `asOf` states.
 */
export function liveStock(evidence: Evidence): string[] {
  const units = new AvailableUnits(evidence);
  return evidence.live.flatMap(({ asOf, answeredAt, available, state }) => {
    const at = Date.parse(asOf);
    const { min, max } = units.atSomeMoment(at - PUBLISHED_WITHIN_MS, Math.max(at, answeredAt));
    const range = min === max ? String(min) : `${min} to ${max}`;
    return [
      ...(available < Math.max(0, min) || available > max
        ? [`live stock as of ${asOf} is ${available}; there were ${range}`]
        : []),
      ...((state === "sold_out" || state === "held") !== (available === 0)
        ? [`live stock is ${available} with state ${state}`]
        : []),
    ];
  });
}

export const ORDERS_ARE_FINAL = `all orders are final within ${formatNumber(FINAL_WITHIN_MS / 1_000)} s, plus the hold, a minute and the line if paid`;

export function finality({ finalAfterMs, after }: Evidence): string[] {
  const { unacknowledged, held, available } = after;
  return finalAfterMs === undefined
    ? [
        `${unacknowledged} orders unacknowledged, ${held} units held, ${available} available ` +
          "(or the live stock differs)",
      ]
    : [];
}

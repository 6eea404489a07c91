// All scenarios, in the order in which they run.
import type { Options } from "../options.ts";
import type { Scenario } from "../scenario.ts";
import { contestedHolds, lastMoment } from "./contested-holds.ts";
import { edits } from "./edits.ts";
import { lineOf } from "./line.ts";
import { openClose } from "./open-close.ts";
import { paidDrop } from "./paid-drop.ts";
import { refunds } from "./refunds.ts";
import { rush } from "./rush.ts";
import { saleLimit } from "./sale-limit.ts";
import { waves } from "./waves.ts";

/** Groups run one after another, the scenarios of a group together. The load scenarios run alone. */
const GROUPS: Scenario[][] = [
  [rush],
  [waves],
  [openClose, edits, contestedHolds, lastMoment, refunds, saleLimit],
  [paidDrop],
];

/**
 * With --admission only the line. With --sku or --evidence only the rush, because the other scenarios need sales with terms of
 * their own.
 */
export function scenariosFor({
  sku,
  evidence,
  admission,
}: Pick<Options, "sku" | "evidence" | "admission">): Scenario[][] {
  if (admission !== undefined) return [[lineOf(admission)]];
  return (sku ?? evidence) === undefined ? GROUPS : [[rush]];
}

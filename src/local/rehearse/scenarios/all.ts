// All scenarios, in the order in which they run.
import type { Options } from "../options.ts";
import type { Scenario } from "../scenario.ts";
import { contestedHolds, lastMoment } from "./contested-holds.ts";
import { edits } from "./edits.ts";
import { openClose } from "./open-close.ts";
import { paidDrop } from "./paid-drop.ts";
import { refunds } from "./refunds.ts";
import { rush } from "./rush.ts";
import { waves } from "./waves.ts";

/** Groups run one after another, the scenarios of a group together. The load scenarios run alone. */
const GROUPS: Scenario[][] = [
  [rush],
  [waves],
  [openClose, edits, contestedHolds, lastMoment, refunds],
  [paidDrop],
];

/** With --sku only the rush, because the other scenarios need sales with terms of their own. */
export const scenariosFor = ({ sku }: Pick<Options, "sku">): Scenario[][] =>
  sku === undefined ? GROUPS : [[rush]];

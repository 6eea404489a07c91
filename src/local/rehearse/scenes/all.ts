// The program: acts one after the other, the scenes of one act at the same time.
import type { Options } from "../options.ts";
import type { Scene } from "../scene.ts";
import { doors } from "./doors.ts";
import { edits } from "./edits.ts";
import { hands, lastMoment } from "./holds.ts";
import { rush } from "./rush.ts";
import { waves } from "./waves.ts";

/** The first two have the machine to themselves: they are about load. */
const ACTS: Scene[][] = [[rush], [waves], [doors, edits, hands, lastMoment]];

/** A SKU of somebody else's is only bought: no scene changes its sale. */
export const scenesFor = ({ sku }: Pick<Options, "sku">): Scene[][] =>
  sku === undefined ? ACTS : [[rush]];

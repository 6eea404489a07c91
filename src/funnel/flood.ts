// Stage 3: the flood shield. The colo counts by itself, without a network trip.
import { refuse } from "../errors.ts";
import type { Stage } from "./attempt.ts";
import { addressBlock } from "./caller.ts";

/** The period of the FLOOD_SHIELD binding in wrangler.toml. */
export const SHIELD_PERIOD_SECONDS = 10;

export const flood: Stage = {
  name: "flood",
  async check({ c }) {
    const { success } = await c.env.FLOOD_SHIELD.limit({ key: addressBlock(c) });
    return success
      ? undefined
      : refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
  },
};

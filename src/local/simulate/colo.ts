// The colos that people come through, and what each knows.
import type { Shed } from "../../funnel/decide-shed.ts";
import type { Lane } from "./lane.ts";
import { RedisCalls } from "./redis-calls.ts";
import type { World } from "./world.ts";

/** The pause after a source failed, in milliseconds (`src/edge/freshness.ts`). */
export const FAILED_PAUSE_MS = 1_000;

export interface Colo {
  /** The share of all people, added up to this colo. */
  until: number;
  redis: RedisCalls;
  shed: Shed | undefined;
  /** When the colo reads the stock next. */
  pollAt: number;
  /** The objects of which it knows that they sell nothing any more. */
  soldOut: Set<Lane>;
  /** Until when one attempt at each object is asking for the list of its buyers, without which the colo refuses nobody. */
  asking: Map<Lane, number>;
  /** People who come again: by step in a ring, then by kind. */
  due: Int32Array;
}

/**
 * Busy colos have more people than quiet ones: the share falls with the root of the rank. Assumed.
 *
 * @param places of the ring of those who come again, times their kinds
 */
export function makeColos(world: World, places: number): Colo[] {
  const { scenario, random } = world;
  const weights = Array.from({ length: scenario.colos }, (_, rank) => 1 / Math.sqrt(rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight, rank) => {
    sum += weight;
    return {
      until: rank === weights.length - 1 ? 1 : sum / total,
      redis: new RedisCalls(world),
      shed: undefined,
      pollAt: random() * FAILED_PAUSE_MS,
      soldOut: new Set(),
      asking: new Map(),
      due: new Int32Array(places),
    };
  });
}

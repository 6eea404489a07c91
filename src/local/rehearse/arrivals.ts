// Open-loop arrivals: people come when they come, whatever became of those before them.
import { setTimeout as pause } from "node:timers/promises";

/** A stretch of time with its rate of arrivals. */
export interface Wave {
  seconds: number;
  perSecond: number;
}

/** Moments of arrival in milliseconds from the start: a Poisson process, its rate that of the wave. */
export function arrivals(waves: Wave[], random = Math.random): number[] {
  const moments: number[] = [];
  let start = 0;
  for (const { seconds, perSecond } of waves) {
    const end = start + seconds * 1_000;
    const gap = () => (-Math.log(1 - random()) / perSecond) * 1_000;
    for (let at = start + gap(); at < end; at += gap()) {
      moments.push(at);
    }
    start = end;
  }
  return moments;
}

/**
 * Starts `act` at each moment without waiting for those before, and ends when all have ended. `intended` is
 * the moment by `performance.now()`, whenever `act` in fact starts.
 */
export async function openLoop(
  moments: number[],
  act: (nth: number, intended: number) => Promise<void>,
): Promise<void> {
  const start = performance.now();
  const acts: Promise<void>[] = [];
  for (const [nth, moment] of moments.entries()) {
    const wait = start + moment - performance.now();
    if (wait > 0) {
      await pause(wait);
    }
    acts.push(act(nth, start + moment));
  }
  await Promise.all(acts);
}

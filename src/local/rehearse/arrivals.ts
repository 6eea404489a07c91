// Open-loop load: buyers arrive on schedule, however slowly earlier buyers are served.
import { setTimeout as pause } from "node:timers/promises";

/** A period with a constant arrival rate. */
export interface Wave {
  seconds: number;
  perSecond: number;
}

/** Arrival times of a Poisson process with the rates of `waves`: milliseconds since the start, ascending. */
export function arrivals(waves: Wave[], random: () => number): number[] {
  const times: number[] = [];
  let start = 0;
  for (const { seconds, perSecond } of waves) {
    const end = start + seconds * 1_000;
    const gap = () => (-Math.log(1 - random()) / perSecond) * 1_000;
    for (let at = start + gap(); at < end; at += gap()) {
      times.push(at);
    }
    start = end;
  }
  return times;
}

/**
 * Starts `act` at each of `times` without waiting for earlier calls, and resolves when all have finished.
 * `dueAt` is the scheduled start as a `performance.now()` time, even if the call starts late.
 */
export async function openLoop(
  times: number[],
  act: (nth: number, dueAt: number) => Promise<void>,
): Promise<void> {
  const start = performance.now();
  const running: Promise<void>[] = [];
  for (const [nth, time] of times.entries()) {
    const wait = start + time - performance.now();
    if (wait > 0) {
      await pause(wait);
    }
    running.push(act(nth, start + time));
  }
  await Promise.all(running);
}

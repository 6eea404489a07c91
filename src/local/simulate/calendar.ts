// The clock of a simulation: events in the order of their times. Milliseconds since the opening.
import { setImmediate } from "node:timers/promises";
import TinyQueue from "tinyqueue";

interface Event {
  at: number;
  /** Events of the same time run in the order in which they were added, so that a run repeats. */
  nth: number;
  run: () => void;
  /** Whether more follows from it in promises. */
  isAwaited: boolean;
}

export class Calendar {
  now = 0;
  #added = 0;
  readonly #events = new TinyQueue<Event>([], (a, b) => a.at - b.at || a.nth - b.nth);

  at(time: number, run: () => void, isAwaited = false): void {
    this.#added += 1;
    this.#events.push({ at: Math.max(time, this.now), nth: this.#added, run, isAwaited });
  }

  /** Resolves at that time. All that follows from it without a wait runs before the next event. */
  until(time: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(time, resolve, true);
    });
  }

  /** Runs events until none is left. */
  async run(): Promise<void> {
    for (let next = this.#events.pop(); next; next = this.#events.pop()) {
      this.now = next.at;
      next.run();
      if (next.isAwaited) await setImmediate();
    }
  }
}

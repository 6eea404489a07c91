// Distributes payments over runners: to the first one with a free place, so that few of them are awake.

/** Enough for 15 payments a second of which each takes 20 seconds. */
const MAX_RUNNERS = 64;

export class RunnerPool {
  readonly #places: number;
  /** Running payments by runner. */
  readonly #running: number[] = [];

  /** @param places payments that one runner takes at once */
  constructor(places: number) {
    this.#places = places;
  }

  get hasFree(): boolean {
    return this.#firstFree() < MAX_RUNNERS;
  }

  /** Takes a place at a runner, and returns the number of the runner. */
  take(): number {
    const runner = this.#firstFree();
    this.#running[runner] = (this.#running[runner] ?? 0) + 1;
    return runner;
  }

  free(runner: number): void {
    this.#running[runner] = (this.#running[runner] ?? 1) - 1;
  }

  #firstFree(): number {
    const found = this.#running.findIndex((running) => running < this.#places);
    return found < 0 ? this.#running.length : found;
  }
}

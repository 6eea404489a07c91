// A part that does one thing after the other, up to a limit per second, and what it did in each second.

export class Server {
  readonly name: string;
  /** Units of work per second at most. Infinity: nobody waits here. */
  readonly perSecond: number;
  /** Work that was done in each second. */
  readonly done: number[] = [];
  total = 0;
  #freeAt = 0;

  constructor(name: string, perSecond: number) {
    this.name = name;
    this.perSecond = perSecond;
  }

  /** How long work that comes now waits for its turn. */
  waitMs(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }

  /** Does work that comes at that time. Calls must not come much out of order. @returns when it is done */
  serve(at: number, work = 1): number {
    this.#freeAt = Math.max(at, this.#freeAt) + (1_000 * work) / this.perSecond;
    this.record(this.#freeAt, work);
    return this.#freeAt;
  }

  /** Counts work that has its own pace. */
  record(at: number, work: number): void {
    const second = Math.floor(at / 1_000);
    while (this.done.length <= second) this.done.push(0);
    this.done[second] = (this.done[second] ?? 0) + work;
    this.total += work;
  }
}

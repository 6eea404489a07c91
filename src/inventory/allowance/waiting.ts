// Attempts that wait for news about their person: most leases are decided within milliseconds, and a short wait spares the
// buyer a refusal that would only be for now.

/** Most attempts of one person that wait. The others are told to try again. */
const MAX_WAITING = 16;

export class Waiting {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves with true at the next news about a person, or with false after `ms` or if too many wait. */
  async next(userId: string, ms: number): Promise<boolean> {
    const waiting = this.#waiting.get(userId) ?? new Set();
    if (ms <= 0 || waiting.size >= MAX_WAITING) return false;
    this.#waiting.set(userId, waiting);
    return new Promise((resolve) => {
      const end = (hasNews: boolean) => {
        clearTimeout(timer);
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(userId);
        resolve(hasNews);
      };
      const wake = () => end(true);
      const timer = setTimeout(() => end(false), ms);
      waiting.add(wake);
    });
  }

  wake(userId: string): void {
    for (const wake of [...(this.#waiting.get(userId) ?? [])]) wake();
  }
}

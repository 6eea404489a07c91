// When people come.

export interface Crowd {
  /** How many people press Buy until `now`, in milliseconds since the opening, who have not been counted before. */
  come(now: number): number;
  /** So many people have their last answer. */
  leave(people: number): void;
  /** Whether nobody else comes. */
  isOver(): boolean;
}

/** Everybody comes within that time, most of them at once: the rate falls steadily to zero. */
export function rush(people: number, seconds: number): Crowd {
  let come = 0;
  return {
    come(now) {
      const left = Math.max(0, 1 - now / (seconds * 1_000));
      const before = come;
      come = Math.floor(people * (1 - left * left));
      return come - before;
    },
    leave() {},
    isOver: () => come === people,
  };
}

/** So many people act at a time, each until they have their last answer, as in a rehearsal. */
export function takingTurns(people: number, atOnce: number): Crowd {
  let [come, acting] = [0, 0];
  return {
    come() {
      const next = Math.min(people - come, atOnce - acting);
      come += next;
      acting += next;
      return next;
    },
    leave(done) {
      acting -= done;
    },
    isOver: () => come === people,
  };
}

// Random numbers that repeat with their seed. Simulations draw millions, for which those of `random.ts` are too slow.

/** A stream of numbers from 0 to below 1: the generator mulberry32 (T. Ettinger, 2017). */
export function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Rounds to a whole number so that the mean is right. */
export function wholePart(value: number, random: () => number): number {
  const whole = Math.floor(value);
  return value === whole ? whole : whole + (random() < value - whole ? 1 : 0);
}

/** Adds `people` to places of a ring, evenly. The first of the rest goes to a random place. */
export function spread(
  people: number,
  places: number,
  random: () => number,
  add: (place: number, people: number) => void,
): void {
  const each = Math.floor(people / places);
  const rest = people - each * places;
  const first = rest > 0 ? Math.floor(random() * places) : 0;
  // The rest is spread as well, or neighbors would come together.
  const step = rest > 0 ? places / rest : 0;
  if (each > 0) for (let place = 0; place < places; place += 1) add(place, each);
  for (let nth = 0; nth < rest; nth += 1) add((first + Math.floor(nth * step)) % places, 1);
}

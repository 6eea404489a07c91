// The sample of arrivals: counts people once, whatever becomes of the reports, within bounds of size and error.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Arrival } from "../../src/admission/client.ts";
import { ArrivalSample, type SampleData } from "../../src/line/arrival-sample.ts";
import { randomNumbers } from "../support/random.ts";

const SPACE = 2 ** 52;
const LIMIT = 16;

const arrivals = fc.array(fc.tuple(fc.nat(SPACE - 1), fc.nat(1_000)), { maxLength: 200 });

/** In the order of hashes, so that two samples can be compared. */
const sorted = ({ level, entries }: SampleData) => ({
  level,
  entries: entries.toSorted(([a], [b]) => a - b),
});

const sampleOf = (entries: Arrival[]) => {
  const sample = new ArrivalSample(undefined, LIMIT);
  for (const [hash, at] of entries) sample.add(hash, at);
  return sample;
};

test("keeps the same people in whatever order, batches, and repetitions they are reported", () => {
  const reports = fc.tuple(arrivals, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(reports, ([people, keys, batch]) => {
      const expected = sorted(sampleOf(people).toJSON());
      const shuffled = [...people, ...people.slice(0, 20)]
        .map((person) => ({ person, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ person }) => person);
      const merged = new ArrivalSample(undefined, LIMIT);
      for (let from = 0; from < shuffled.length; from += batch) {
        merged.merge(sampleOf(shuffled.slice(from, from + batch)).toJSON());
      }
      expect(sorted(merged.toJSON())).toEqual(expected);
    }),
  );
});

test("keeps the earliest arrival of each person, survives JSON, and never exceeds its limit", () => {
  fc.assert(
    fc.property(arrivals, (people) => {
      const sample = sampleOf(people);
      expect(sample.size).toBeLessThanOrEqual(LIMIT);
      for (const [hash, at] of sample.entries()) {
        expect(at).toBe(Math.min(...people.filter(([h]) => h === hash).map(([, t]) => t)));
      }
      const copy = new ArrivalSample(JSON.parse(JSON.stringify(sample)), LIMIT);
      expect(sorted(copy.toJSON())).toEqual(sorted(sample.toJSON()));
    }),
  );
});

test("counts up to 4,096 people exactly", () => {
  const random = randomNumbers(1);
  const sample = new ArrivalSample();
  for (let person = 0; person < 4_096; person += 1) {
    const hash = Math.floor(random() * SPACE);
    sample.add(hash, person);
    sample.add(hash, person + 1);
  }
  expect([sample.people, sample.level]).toEqual([4_096, 0]);
});

test("estimates a million people within 5 percent, for any of five crowds", () => {
  for (let crowd = 0; crowd < 5; crowd += 1) {
    const random = randomNumbers(crowd);
    const sample = new ArrivalSample();
    for (let person = 0; person < 1_000_000; person += 1) {
      sample.add(Math.floor(random() * SPACE), person);
    }
    expect(sample.people).toBeGreaterThan(950_000);
    expect(sample.people).toBeLessThan(1_050_000);
  }
});

test("tells whether a report changed anything", () => {
  const sample = sampleOf([[1, 100]]);
  expect(sample.merge({ level: 0, entries: [[1, 200]] })).toBe(false);
  expect(sample.merge({ level: 0, entries: [[1, 50]] })).toBe(true);
  expect(sample.merge({ level: 3, entries: [] })).toBe(true);
  expect(sample.add(SPACE - 1, 1)).toBe(false);
  expect(sample.people).toBe(8);
});

// The risk score as a pure function: its range, its monotonicity, and its reasons.
import fc from "fast-check";
import { expect, test } from "vitest";
import { protectionSchema } from "../../src/catalog/protection.ts";
import { type Signals, scoreRisk } from "../../src/funnel/risk.ts";

/** A person at home who opened the page a minute ago. */
const PERSON: Signals = {
  visitAgeMs: 60_000,
  accountsAtAddress: 1,
  accountsAtSite: 1,
  accountsInNetwork: 1,
  refusals: 0,
  asn: 3320,
  botScore: 80,
};

const AWS = 16_509;

const signals: fc.Arbitrary<Signals> = fc.record({
  visitAgeMs: fc.option(fc.integer({ min: -10_000, max: 14_400_000 }), { nil: undefined }),
  accountsAtAddress: fc.integer({ min: 1, max: 256 }),
  accountsAtSite: fc.integer({ min: 0, max: 256 }),
  accountsInNetwork: fc.integer({ min: 0, max: 256 }),
  refusals: fc.nat(1_000),
  asn: fc.option(fc.oneof(fc.constant(AWS), fc.nat(400_000)), { nil: undefined }),
  botScore: fc.option(fc.integer({ min: 1, max: 99 }), { nil: undefined }),
});

test("the score is an integer from 0 to 100, with reasons exactly if it is not 0", () => {
  fc.assert(
    fc.property(signals, (given) => {
      const { score, reasons } = scoreRisk(given);
      expect(Number.isInteger(score) && score >= 0 && score <= 100).toBe(true);
      expect(reasons.length > 0).toBe(score > 0);
      expect(new Set(reasons).size).toBe(reasons.length);
    }),
  );
});

test("the score never falls when a signal gets worse", () => {
  const worse: ((given: Signals, by: number) => Signals)[] = [
    (given, by) => ({ ...given, accountsAtAddress: given.accountsAtAddress + by }),
    (given, by) => ({ ...given, accountsAtSite: given.accountsAtSite + by }),
    (given, by) => ({ ...given, accountsInNetwork: given.accountsInNetwork + by }),
    (given, by) => ({ ...given, refusals: given.refusals + by }),
    (given, by) => ({ ...given, botScore: Math.max(1, (given.botScore ?? 99) - by) }),
    (given, by) => ({
      ...given,
      visitAgeMs: given.visitAgeMs === undefined ? undefined : given.visitAgeMs - by,
    }),
    (given) => ({ ...given, visitAgeMs: undefined }),
    (given) => ({ ...given, asn: AWS }),
  ];
  fc.assert(
    fc.property(signals, fc.constantFrom(...worse), fc.nat(1_000), (given, change, by) => {
      expect(scoreRisk(change(given, by)).score).toBeGreaterThanOrEqual(scoreRisk(given).score);
    }),
  );
});

test("many accounts add points once, even if they exceed the bounds of several blocks", () => {
  fc.assert(
    fc.property(signals, (given) => {
      const { accountsAtAddress, accountsAtSite, accountsInNetwork } = given;
      const alone = (accounts: Partial<Signals>) =>
        scoreRisk({
          ...PERSON,
          accountsAtAddress: 1,
          accountsAtSite: 0,
          accountsInNetwork: 0,
          ...accounts,
        }).score;
      const together = alone({ accountsAtAddress, accountsAtSite, accountsInNetwork });
      const each = [
        alone({ accountsAtAddress }),
        alone({ accountsAtSite }),
        alone({ accountsInNetwork }),
      ];
      expect(together).toBe(Math.max(...each));
    }),
  );
});

test("a normal person scores 0", () => {
  expect(scoreRisk(PERSON)).toEqual({ score: 0, reasons: [] });
});

test.each<[string, Partial<Signals>, string]>([
  ["a purchase faster than a person", { visitAgeMs: 799 }, "hasty"],
  ["more accounts than an office has", { accountsAtAddress: 21 }, "many_accounts"],
  ["more accounts than a site has", { accountsAtSite: 41 }, "many_accounts"],
  ["many accounts in a network", { accountsInNetwork: 61 }, "many_accounts"],
  ["one failed attempt", { refusals: 1 }, "refused_before"],
  ["a hosting network", { asn: AWS }, "hosting_network"],
  ["a low bot score", { botScore: 29 }, "bot_score"],
])("%s adds points, but not enough for a challenge by itself", (_, signal, reason) => {
  const { score, reasons } = scoreRisk({ ...PERSON, ...signal });
  expect(reasons).toEqual([reason]);
  expect(score).toBeGreaterThan(0);
  expect(score).toBeLessThan(50);
});

test.each<[Partial<Signals>]>([
  [{ visitAgeMs: 800 }],
  [{ accountsAtAddress: 20, accountsAtSite: 40, accountsInNetwork: 60 }],
  [{ botScore: 30 }],
  [{ asn: undefined, botScore: undefined }],
])("%j adds no points", (signal) => {
  expect(scoreRisk({ ...PERSON, ...signal }).score).toBe(0);
});

test("an order without a page visit reaches the default threshold by itself", () => {
  const { score, reasons } = scoreRisk({ ...PERSON, visitAgeMs: undefined });
  expect(reasons).toEqual(["no_visit"]);
  expect(score).toBeGreaterThanOrEqual(protectionSchema.parse({}).challenge.threshold);
});

test.each<[string, Partial<Signals>]>([
  ["a script in a hosting network", { visitAgeMs: undefined, asn: AWS }],
  ["a script with a low bot score", { visitAgeMs: undefined, botScore: 1 }],
  ["a hundred accounts at one address", { accountsAtAddress: 101 }],
  ["a hundred and fifty accounts at one site", { accountsAtSite: 151 }],
  ["two hundred and fifty accounts in one network", { accountsInNetwork: 251 }],
  ["a hasty buyer among many accounts", { visitAgeMs: 100, accountsAtAddress: 21 }],
])("%s reaches the default threshold", (_, signal) => {
  expect(scoreRisk({ ...PERSON, ...signal }).score).toBeGreaterThanOrEqual(50);
});

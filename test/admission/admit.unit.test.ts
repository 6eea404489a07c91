// The decision about admission, and what passes tell about the frontier.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decideAdmission } from "../../src/admission/admit.ts";
import { mergePasses, type Pass, readPass, signPass } from "../../src/admission/pass.ts";
import { earlyPlace } from "../../src/admission/place.ts";
import { draw, instant, registrant, SECRET, saleId } from "./arbitraries.ts";

const frontier = fc.double({ min: 0, max: 1_000, noNaN: true });
const pass: fc.Arbitrary<Pass> = fc.record({
  saleId,
  frontier,
  asOf: instant,
  closesAt: instant,
  draw: fc.option(draw),
});

test("a pass is read as it was signed, for its own sale only", () => {
  fc.assert(
    fc.property(pass, saleId, (given, otherSale) => {
      const token = signPass(SECRET, given);
      expect(readPass(SECRET, token, given.saleId)).toEqual(given);
      fc.pre(otherSale !== given.saleId);
      expect(readPass(SECRET, token, otherSale)).toBeNull();
    }),
  );
});

test("an altered pass is worth nothing", () => {
  fc.assert(
    fc.property(pass, fc.nat(), fc.string({ maxLength: 2 }), (given, at, replacement) => {
      const token = signPass(SECRET, given);
      const index = at % token.length;
      const altered = token.slice(0, index) + replacement + token.slice(index + 1);
      fc.pre(altered !== token);
      expect(readPass(SECRET, altered, given.saleId)).toBeNull();
    }),
  );
});

test("the frontier never moves back, in whatever order passes of a line arrive", () => {
  fc.assert(
    fc.property(fc.array(pass, { minLength: 1 }), instant, draw, (passes, closesAt, drawn) => {
      const ofLine = passes.map((it) => ({ ...it, saleId: "s", closesAt, draw: drawn }));
      const seen = ofLine.reduce<Pass | null>(mergePasses, null);
      expect(seen?.frontier).toBe(Math.max(...ofLine.map((it) => it.frontier)));
      const reversed = ofLine.reduceRight<Pass | null>((a, b) => mergePasses(b, a), null);
      expect(reversed).toEqual(seen);
    }),
  );
});

test("a postponed sale has another line: an older pass says nothing about it", () => {
  const old = { saleId: "s", frontier: 5, asOf: 1, closesAt: 100, draw: null };
  const postponed = { ...old, frontier: 0, asOf: 2, closesAt: 200 };
  expect(mergePasses(old, postponed)).toEqual(postponed);
  expect(mergePasses(postponed, old)).toEqual(postponed);
});

test("a person is admitted exactly while their place is at or below the frontier", () => {
  fc.assert(
    fc.property(registrant, draw, frontier, (person, drawn, reached) => {
      const known = { ...person, frontier: reached, asOf: 1, closesAt: 1_000, draw: drawn };
      const ticket = { at: 999, challenged: false };
      const place = earlyPlace(drawn, person);
      const decision = decideAdmission(SECRET, person, ticket, known);
      expect(decision).toEqual(
        place <= reached ? { ok: true, place } : { ok: false, reason: "not_admitted_yet", place },
      );
    }),
  );
});

test("nobody is admitted without a ticket, without a known frontier, or before the draw", () => {
  const person = { saleId: "s", userId: "ada" };
  const ticket = { at: 1, challenged: false };
  const undrawn = { saleId: "s", frontier: 5, asOf: 1, closesAt: 1_000, draw: null };
  const waits = { ok: false, reason: "not_admitted_yet", place: null };
  expect(decideAdmission(SECRET, person, null, undrawn)).toEqual({
    ok: false,
    reason: "ticket_required",
  });
  expect(decideAdmission(SECRET, person, ticket, null)).toEqual(waits);
  expect(decideAdmission(SECRET, person, ticket, undrawn)).toEqual(waits);
});

// Tickets: bound to one person and one sale, and impossible to alter or to forge.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPass, signPass } from "../../src/admission/pass.ts";
import { earlier, MAX_TICKET, readTicket, signTicket } from "../../src/admission/ticket.ts";
import { instant, registrant, SECRET } from "./arbitraries.ts";

const ticket = fc.record({ at: instant, challenged: fc.boolean() });

test("a ticket tells when its own person registered for its own sale", () => {
  fc.assert(
    fc.property(registrant, ticket, (person, issued) => {
      const token = signTicket(SECRET, person, issued);
      expect(token.length).toBeLessThanOrEqual(MAX_TICKET);
      expect(readTicket(SECRET, token, person)).toEqual(issued);
    }),
  );
});

test("the ticket of the longest sale id fits", () => {
  const person = { saleId: "x".repeat(64), userId: "u".repeat(128) };
  const token = signTicket(SECRET, person, { at: Date.UTC(2286), challenged: true });
  expect(token.length).toBeLessThanOrEqual(MAX_TICKET);
});

test("another person's ticket is worth nothing, nor is one for another sale or by another secret", () => {
  fc.assert(
    fc.property(registrant, registrant, ticket, (person, other, issued) => {
      const token = signTicket(SECRET, person, issued);
      fc.pre(other.userId !== person.userId && other.saleId !== person.saleId);
      expect(readTicket(SECRET, token, { ...person, userId: other.userId })).toBeNull();
      expect(readTicket(SECRET, token, { ...person, saleId: other.saleId })).toBeNull();
      expect(readTicket(`${SECRET}!`, token, person)).toBeNull();
    }),
  );
});

test("a ticket with any character altered, added or missing is worth nothing", () => {
  fc.assert(
    fc.property(registrant, ticket, fc.nat(), fc.string(), (person, issued, at, replacement) => {
      const token = signTicket(SECRET, person, issued);
      const index = at % token.length;
      const altered = token.slice(0, index) + replacement + token.slice(index + 1);
      fc.pre(altered !== token);
      expect(readTicket(SECRET, altered, person)).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});

test("hostile text is no ticket and no pass, and never throws", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.stringMatching(/^[\w-]{0,120}\.[\w-]{43}$/),
    fc.constantFrom("", ".", "a.b", `${"A".repeat(10_000)}.${"B".repeat(43)}`),
  );
  fc.assert(
    fc.property(hostile, registrant, (text, person) => {
      expect(readTicket(SECRET, text, person)).toBeNull();
      expect(readPass(SECRET, text, person.saleId)).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});

test("a pass is no ticket, and a ticket is no pass", () => {
  fc.assert(
    fc.property(registrant, ticket, (person, issued) => {
      const { saleId } = person;
      const pass = signPass(SECRET, { saleId, frontier: 1, asOf: 1, closesAt: 1, draw: null });
      expect(readTicket(SECRET, pass, person)).toBeNull();
      expect(readPass(SECRET, signTicket(SECRET, person, issued), saleId)).toBeNull();
    }),
  );
});

test("the earliest of several tickets counts, in whatever order they are shown", () => {
  fc.assert(
    fc.property(fc.array(ticket), (tickets) => {
      const best = tickets.reduce<ReturnType<typeof earlier>>(earlier, null);
      const first = Math.min(...tickets.map(({ at }) => at));
      expect(best?.at ?? Number.POSITIVE_INFINITY).toBe(first);
    }),
  );
});

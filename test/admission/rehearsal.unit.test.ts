// Attacks the tokens of a rehearsal's synthetic people: only the holder of a grant can sign one, only of its sale, only in time.
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isSynthetic,
  makeGrant,
  readPerson,
  type SyntheticPerson,
  signPerson,
} from "../../src/admission/rehearsal.ts";
import { signToken } from "../../src/admission/token.ts";

const SECRET = "a-signing-secret-of-at-least-32-characters";
const NOW = 1_800_000_000_000;
const EXPIRES = NOW / 1_000 + 600;
const SCOPE = { saleId: "rehearsal-a", expiresAt: EXPIRES, id: "0123abcd" };
const GRANT = makeGrant(SECRET, SCOPE);
const PERSON: SyntheticPerson = { name: "buyer-1", address: "198.18.0.1", hasSolved: true };
const TOKEN = signPerson(GRANT, PERSON);

const read = (token: string, now = NOW, secret = SECRET) => readPerson(secret, token, now);
const base64url = (text: string) => Buffer.from(text).toString("base64url");

test("reads exactly the person that was signed", () => {
  const ids = fc.stringMatching(/^[a-z0-9-]{1,64}$/);
  const names = fc.stringMatching(/^[\w-]{1,48}$/);
  const addresses = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(ids, names, addresses, fc.boolean(), (saleId, name, address, hasSolved) => {
      const token = signPerson(makeGrant(SECRET, { ...SCOPE, saleId }), {
        name,
        address,
        hasSolved,
      });
      const userId = `rehearsal~${saleId}~${name}`;
      expect(read(token)).toEqual({ userId, rehearsed: { saleId, address, hasSolved } });
      expect(userId.length).toBeLessThanOrEqual(128);
      expect(isSynthetic(userId)).toBe(true);
    }),
  );
});

test("is refused after any single character was changed", () => {
  const characters = fc.constantFrom(..."abcxyzABCXYZ0189-_.~= é");
  fc.assert(
    fc.property(fc.nat(TOKEN.length - 1), characters, (at, character) => {
      fc.pre(TOKEN[at] !== character);
      expect(read(TOKEN.slice(0, at) + character + TOKEN.slice(at + 1))).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

test("never throws, and reads nobody, whatever text it gets", () => {
  const parts = fc.constantFrom("rehearsal.", TOKEN, "a.b", ".", "rehearsal-a", `${EXPIRES}`, "{}");
  const texts = fc.array(fc.oneof(parts, fc.string())).map((all) => all.join(""));
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(text !== TOKEN);
      expect(read(text)).toBeUndefined();
    }),
  );
});

test("ends with its grant", () => {
  expect(read(TOKEN, EXPIRES * 1_000 - 1)).toBeDefined();
  expect(read(TOKEN, EXPIRES * 1_000)).toBeUndefined();
});

describe("the holder of a grant cannot", () => {
  const key = GRANT.slice(GRANT.lastIndexOf(".") + 1);
  const signed = signToken(key, "rehearsal", ["buyer-1", "198.18.0.1", true]);

  test.each([
    ["act in another sale", `rehearsal.rehearsal-b.${EXPIRES}.0123abcd.${signed}`],
    ["act longer", `rehearsal.rehearsal-a.${EXPIRES + 1}.0123abcd.${signed}`],
    ["take another grant's name", `rehearsal.rehearsal-a.${EXPIRES}.0123abce.${signed}`],
    ["move the boundary of sale and end", `rehearsal.rehearsal-a.${EXPIRES}0.123abcd.${signed}`],
  ])("%s", (_, token) => {
    expect(read(token)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ["no list", { name: "ann" }],
    ["too little", ["ann", "198.18.0.1"]],
    ["too much", ["ann", "198.18.0.1", true, "operator"]],
    ["a name that leaves its sale", ["~rehearsal-b~ann", "198.18.0.1", true]],
    ["an empty name", ["", "198.18.0.1", true]],
    ["a solved challenge that is no boolean", ["ann", "198.18.0.1", "yes"]],
    ["an address of the wrong type", ["ann", 7, true]],
    ["an address that is too long", ["ann", "1".repeat(46), true]],
    ["null", null],
  ])("sign %s", (_, payload) => {
    const person = signToken(key, "rehearsal", payload);
    expect(read(`rehearsal.rehearsal-a.${EXPIRES}.0123abcd.${person}`)).toBeUndefined();
  });

  test("sign what is no JSON, or no base64", () => {
    for (const text of [base64url("{"), "a", "_"]) {
      const signature = createHmac("sha256", key).update(`rehearsal.${text}`).digest("base64url");
      const token = `rehearsal.rehearsal-a.${EXPIRES}.0123abcd.${text}.${signature}`;
      expect(read(token)).toBeUndefined();
    }
  });

  test("sign a person with the key of another purpose", () => {
    const person = signToken(key, "session", ["buyer-1", "198.18.0.1", true]);
    expect(read(`rehearsal.rehearsal-a.${EXPIRES}.0123abcd.${person}`)).toBeUndefined();
  });
});

test("the secret itself, none, and an earlier one sign nobody", () => {
  const scope = `rehearsal-a.${EXPIRES}.0123abcd`;
  const payload = ["buyer-1", "198.18.0.1", true];
  const others = ["", "another-secret-of-at-least-32-characters"];
  for (const key of [SECRET, ...others]) {
    const direct = signToken(key, "rehearsal", payload);
    expect(read(`rehearsal.${scope}.${direct}`)).toBeUndefined();
  }
  for (const key of others) {
    expect(read(signPerson(makeGrant(key, SCOPE), PERSON))).toBeUndefined();
  }
});

test("a JWT is never a person, whatever algorithm it names", () => {
  for (const alg of ["none", "HS256", "RS256", "hs256"]) {
    const header = base64url(JSON.stringify({ alg }));
    const body = base64url(JSON.stringify({ sub: "rehearsal~rehearsal-a~buyer-1" }));
    const signature = createHmac("sha256", SECRET).update(`${header}.${body}`).digest("base64url");
    for (const text of [`${header}.${body}.`, `${header}.${body}.${signature}`]) {
      expect(read(text)).toBeUndefined();
      expect(read(`rehearsal.${text}`)).toBeUndefined();
    }
  }
});

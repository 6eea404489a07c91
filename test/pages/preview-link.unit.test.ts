// The signed link to a preview: valid for its sale until it expires, and nothing else is.
import fc from "fast-check";
import { expect, test } from "vitest";
import { signToken } from "../../src/admission/token.ts";
import { keyedDigest } from "../../src/digest.ts";
import { readPreview, signPreview } from "../../src/pages/preview-link.ts";

const id = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/);
const secret = fc.string({ minLength: 32, maxLength: 64 });
/** Seconds since 1970. */
const time = fc.integer({ min: 1, max: 9_999_999_999 });

test("is good for its sale until it expires, and for no other sale, secret, or time", () => {
  fc.assert(
    fc.property(id, id, secret, secret, time, (sale, other, key, otherKey, expiresAt) => {
      const token = signPreview(key, sale, expiresAt);
      const [before, after] = [expiresAt * 1_000 - 1, expiresAt * 1_000];
      expect(readPreview(key, sale, token, before)).toBe(after);
      expect(readPreview(key, sale, token, after)).toBeUndefined();
      if (other !== sale) expect(readPreview(key, other, token, before)).toBeUndefined();
      if (otherKey !== key) expect(readPreview(otherKey, sale, token, before)).toBeUndefined();
    }),
  );
});

test("is refused with any other character, and whatever else is sent in its place", () => {
  const token = signPreview("a secret of at least 32 characters", "drop", 2_000_000_000);
  const read = (text: string) => readPreview("a secret of at least 32 characters", "drop", text, 0);
  expect(read(token)).toBe(2_000_000_000_000);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
      const changed = token.slice(0, at) + char + token.slice(at + 1);
      expect(read(changed) === undefined).toBe(changed !== token);
    }),
  );
  const texts = fc.string({ maxLength: 400 });
  fc.assert(fc.property(texts, (text) => read(text) === undefined));
});

test("cannot be made from another token that follows from the same secret", () => {
  const secret = "a secret of at least 32 characters";
  const payload = ["drop", 2_000_000_000];
  for (const key of [secret, keyedDigest(secret, "preview-link")]) {
    for (const purpose of ["ticket", "pass", "session"] as const) {
      expect(readPreview(secret, "drop", signToken(key, purpose, payload), 0)).toBeUndefined();
    }
  }
  expect(readPreview(secret, "drop", signToken(secret, "preview", payload), 0)).toBeUndefined();
});

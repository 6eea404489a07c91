// When the client sends a request again: never sooner than asked, never together, and not forever.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isUnknown, LONGEST_WAIT_SECONDS, MAX_TRIES, pauseBefore } from "../../src/client/retry.ts";

const failures = fc.record({
  status: fc.constantFrom(0, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503),
  retryAfterSeconds: fc.nat(300),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("waits at least as long as the server asks, and at most a quarter or half a second longer", () => {
  fc.assert(
    fc.property(failures, fc.integer({ min: 1, max: 20 }), random, (failure, tries, chance) => {
      const wait = pauseBefore(failure, tries, chance);
      if (wait === undefined || failure.retryAfterSeconds === 0) return;
      const asked = failure.retryAfterSeconds * 1_000;
      expect(wait).toBeGreaterThanOrEqual(asked);
      expect(wait).toBeLessThanOrEqual(asked + Math.max(500, asked / 4));
    }),
  );
});

test("gives up on final refusals, after all tries, and when asked to wait too long", () => {
  fc.assert(
    fc.property(failures, fc.integer({ min: 1, max: 20 }), random, (failure, tries, chance) => {
      const isWorthIt = isUnknown(failure) || failure.status === 429;
      const isInTime = tries < MAX_TRIES && failure.retryAfterSeconds <= LONGEST_WAIT_SECONDS;
      const wait = pauseBefore(failure, tries, chance);
      expect(wait !== undefined).toBe(isWorthIt && isInTime);
    }),
  );
});

test("backs off further with each try, up to fifteen seconds", () => {
  const lost = { status: 0, retryAfterSeconds: 0 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_TRIES - 2 }), random, (tries, chance) => {
      const [now, later] = [tries, tries + 1].map((n) => pauseBefore(lost, n, chance) ?? 0);
      expect(now).toBeLessThanOrEqual(later ?? 0);
      expect(later).toBeLessThanOrEqual(15_000);
    }),
  );
});

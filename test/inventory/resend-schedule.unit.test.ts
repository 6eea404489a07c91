// The resend schedule of an unacknowledged order, which follows from the order's age alone.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isStuck, resendSchedule } from "../../src/inventory/outbox.ts";

const CHANGED_AT = 1_800_000_000_000;
const LONGEST_PAUSE_MS = 300_000;
const age = fc.integer({ min: -3_600_000, max: 7 * 24 * 3_600_000 });

test("a resend is always due, within five minutes of now or of the change", () => {
  fc.assert(
    fc.property(age, (ms) => {
      const now = CHANGED_AT + ms;
      const { dueAt } = resendSchedule(CHANGED_AT, now);
      expect(dueAt).toBeGreaterThan(now);
      expect(dueAt).toBeLessThanOrEqual(Math.max(now, CHANGED_AT) + LONGEST_PAUSE_MS);
    }),
  );
});

test("the number of tries rises with each resend, and no pause is shorter than the last one", () => {
  let { tries, dueAt } = resendSchedule(CHANGED_AT, CHANGED_AT);
  let pause = dueAt - CHANGED_AT;
  for (let i = 0; i < 50; i += 1) {
    const next = resendSchedule(CHANGED_AT, dueAt);
    expect(next.tries).toBe(tries + 1);
    expect(next.dueAt - dueAt).toBeGreaterThanOrEqual(pause);
    [pause, tries, dueAt] = [next.dueAt - dueAt, next.tries, next.dueAt];
  }
});

test("an order counts as stuck after an hour, but not after a minute", () => {
  const order = { userId: "ann", orderId: "1", version: 1, changedAt: CHANGED_AT, dueAt: 0 };
  expect(isStuck(order, CHANGED_AT + 60_000)).toBe(false);
  expect(isStuck(order, CHANGED_AT + 3_600_000)).toBe(true);
});

// The decisions of a circuit breaker, for any sequence of calls and answers.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BreakerLimits } from "../../src/config/breaker-limits.ts";
import {
  admitCall,
  type BreakerState,
  type CallOutcome,
  closedBreaker,
  endCall,
} from "../../src/edge/decide-breaker.ts";

const LIMITS: BreakerLimits = {
  limitMs: 300,
  failuresInRow: 5,
  minimumCalls: 100,
  failureShare: 0.05,
  slowShare: 0.5,
  slowMs: 500,
  openMs: 2_000,
};
const START = 1_800_000_000_000;

/** Ends calls one after the other, each at the given time. */
function ended(outcomes: readonly CallOutcome[], from: BreakerState, now: number): BreakerState {
  return outcomes.reduce<BreakerState>(
    (state, outcome) => endCall(state, { spell: state.spell, outcome }, now, LIMITS, 0),
    from,
  );
}

const closed = () => closedBreaker(START);
const opened = () => ended(Array(5).fill("failed"), closed(), START);

/** `total` calls with some failed or slow ones, so spread that failures are never in a row. */
const mixed = (total: number, others: number, outcome: CallOutcome): CallOutcome[] =>
  Array.from({ length: total }, (_, i) =>
    Math.floor(((i + 1) * others) / total) > Math.floor((i * others) / total)
      ? outcome
      : "answered",
  );

describe("a closed breaker", () => {
  test.each<[string, CallOutcome[], BreakerState["is"]]>([
    ["opens after five failures in a row", Array(5).fill("failed"), "open"],
    ["stays closed after four", Array(4).fill("failed"), "closed"],
    ["stays closed if an answer interrupts failures", mixed(16, 8, "failed"), "closed"],
    ["opens if more than 5 % of 100 calls fail", mixed(100, 6, "failed"), "open"],
    ["stays closed if 5 % of 100 calls fail", mixed(100, 5, "failed"), "closed"],
    ["does not judge shares by fewer than 100 calls", mixed(99, 33, "failed"), "closed"],
    ["opens if more than half of 100 calls are slow", mixed(100, 51, "slow"), "open"],
    ["stays closed if half of 100 calls are slow", mixed(100, 50, "slow"), "closed"],
  ])("%s", (_, outcomes, expected) => {
    expect(ended(outcomes, closed(), START).is).toBe(expected);
  });

  test("forgets what happened more than ten seconds ago", () => {
    const before = ended(mixed(99, 33, "failed"), closed(), START);
    expect(ended(mixed(99, 3, "failed"), before, START + 10_000).is).toBe("closed");
    expect(ended(["answered"], before, START + 4_000).is).toBe("open");
  });

  test("admits every call, and opens only because of the calls of the last ten seconds", () => {
    const calls = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom("answered", "slow", "failed")),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(calls, (steps) => {
        let state: BreakerState = closed();
        let now = START;
        const seen: [at: number, outcome: CallOutcome][] = [];
        for (const [pause, outcome] of steps as [number, CallOutcome][]) {
          now += pause;
          expect(admitCall(state, now, LIMITS)).toBe(state);
          state = endCall(state, { spell: state.spell, outcome }, now, LIMITS, 0);
          seen.push([now, outcome]);
          if (state.is === "closed") continue;
          const recent = seen.filter(([at]) => now - at <= 10_000).map(([, each]) => each);
          const share = (kind: CallOutcome) => recent.filter((each) => each === kind).length;
          const isInRow = recent.length >= 5 && recent.slice(-5).every((each) => each === "failed");
          // The window is between five and ten seconds long, so some of these calls may not count any more.
          expect(isInRow || (recent.length >= 100 && share("failed") + share("slow") > 5)).toBe(
            true,
          );
          return;
        }
      }),
    );
  });
});

describe("an open breaker", () => {
  test("refuses every call until its pause is over, then admits one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (wait, random) => {
          const before = ended(Array(4).fill("failed"), closed(), START);
          const call = { spell: before.spell, outcome: "failed" } as const;
          const open = endCall(before, call, START, LIMITS, random);
          const admitted = admitCall(open, START + wait, LIMITS);
          expect(admitted !== undefined).toBe(wait >= 2_000 * (1 + random / 2));
        },
      ),
    );
  });

  test("ends its pause if the clock is set back", () => {
    expect(admitCall(opened(), START - 1, LIMITS)?.is).toBe("half-open");
  });
});

/** The behavior of one caller of many. */
type Step = { wait: number; does: "call" | CallOutcome };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 300 }),
    does: fc.constantFrom<Step["does"]>("call", "call", "call", "answered", "failed", "slow"),
  }),
  { maxLength: 200 },
);

describe("a half-open breaker", () => {
  const halfOpen = () => admitCall(opened(), START + 2_000, LIMITS) as BreakerState;

  test("lets no more calls run at once than it has had answers, and one", () => {
    fc.assert(
      fc.property(steps, (all) => {
        let state = halfOpen();
        let now = START + 2_000;
        let [running, answered] = [1, 0];
        for (const { wait, does } of all) {
          now += wait;
          if (does === "call") {
            const isLost = now - (state as { admittedAt: number }).admittedAt >= 2_300;
            const next = admitCall(state, now, LIMITS);
            if (isLost) return;
            expect(next !== undefined).toBe(running < 1 + answered);
            if (next) [state, running] = [next, running + 1];
            continue;
          }
          if (running === 0) continue;
          state = endCall(state, { spell: state.spell, outcome: does }, now, LIMITS, 0);
          if (does !== "answered") {
            expect(state.is).toBe("open");
            return;
          }
          [running, answered] = [running - 1, answered + 1];
          expect(state.is).toBe(answered >= 8 || now - START >= 4_000 ? "closed" : "half-open");
          if (state.is === "closed") return;
        }
      }),
    );
  });

  test("takes a call that did not reach the service neither for an answer nor for a failure", () => {
    const untried = ended(["untried"], halfOpen(), START + 2_001);
    expect(untried).toMatchObject({ is: "half-open", running: 0, answered: 0 });
    const calls = ended(Array(4).fill("failed"), closed(), START);
    expect(ended(["untried"], calls, START)).toBe(calls);
  });

  test("probes again once a probe must have been canceled with its request", () => {
    const probe = halfOpen();
    expect(admitCall(probe, START + 4_299, LIMITS)).toBeUndefined();
    expect(admitCall(probe, START + 4_300, LIMITS)).toMatchObject({ running: 1 });
  });

  test("keeps the time at which the service broke through failed probes", () => {
    const again = ended(["failed"], halfOpen(), START + 2_100);
    expect(again).toMatchObject({ is: "open", brokeAt: START, since: START + 2_100 });
  });

  test("ignores answers to calls that started before", () => {
    const probe = halfOpen();
    expect(endCall(probe, { spell: 0, outcome: "answered" }, START + 2_001, LIMITS, 0)).toBe(probe);
    expect(endCall(probe, { spell: 0, outcome: "failed" }, START + 2_001, LIMITS, 0)).toBe(probe);
  });
});

// What a preflight says about the last rehearsal. Pure.
import { expect, test } from "vitest";
import { judgeRehearsals } from "../../../src/admin/preflight/rehearsal.ts";
import type { RecordedRehearsal, Rehearsal } from "../../../src/admin/rehearsals.ts";
import { aRehearsal as aResult } from "./rehearsals.ts";

const NOW = Date.parse("2027-03-08T12:00:00Z");
const DAY_MS = 86_400_000;

const aRehearsal = (daysAgo: number, changes: Partial<Rehearsal> = {}): RecordedRehearsal => ({
  ...aResult(changes),
  at: new Date(NOW - daysAgo * DAY_MS).toISOString(),
});

test("a rehearsal of the last seven days that broke nothing is fine", () => {
  expect(judgeRehearsals([aRehearsal(7)], "open", NOW)).toEqual({
    state: "ok",
    detail:
      "7 days ago: rush with 50 buyers, payments by sandbox; proofs: 20 held, 0 broken, 3 not observed",
  });
});

test.each([
  ["there was none", [], "open", /on record/],
  ["it is older than a week", [aRehearsal(7.1)], "open", /^7 days ago/],
  ["it broke a proof", [aRehearsal(0.1, { broken: 1 })], "open", /^2 h ago.* 1 broken/],
  [
    "none had the sale's line",
    [aRehearsal(0, { scenario: "queue" })],
    "draw",
    /^less than an hour/,
  ],
] as const)("a warning says what to do if %s", (_, rehearsals, mode, detail) => {
  const found = judgeRehearsals(rehearsals, mode, NOW);
  expect(found).toMatchObject({ state: "warn", detail: expect.stringMatching(detail) });
  expect(found.todo).toMatch(/[Rr]ehearse/);
});

test("a later rehearsal without a line does not hide the one that had the sale's line", () => {
  const rehearsals = [aRehearsal(0), aRehearsal(2, { scenario: "draw" })];
  expect(judgeRehearsals(rehearsals, "draw", NOW)).toMatchObject({ state: "ok" });
});

test("a clock that was set back makes no rehearsal younger than now", () => {
  expect(judgeRehearsals([aRehearsal(-3)], "open", NOW).detail).toMatch(/^less than an hour ago/);
});

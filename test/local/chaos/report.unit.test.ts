// The table and the report of a game day.
import { expect, test } from "vitest";
import type { Played } from "../../../src/local/chaos/game.ts";
import { type GameDay, renderHtml } from "../../../src/local/chaos/report.ts";
import type { Class } from "../../../src/local/chaos/samples.ts";
import { asTable, violations } from "../../../src/local/chaos/summary.ts";

const BEGAN_AT = 10_000;
const sample = (at: number, name: Class, ms = 5) => ({ at, ms, class: name, outcome: "" });

const played: Played = {
  ...{ name: "redis-stopped", title: "Redis <stopped>", beganAt: BEGAN_AT, endedAt: 20_000 },
  noticed: { readyzMs: 500, alert: { rule: "breaker_open", ms: 31_000 } },
  ...{ recoveredMs: 1_500, settledMs: undefined },
  samples: [
    sample(BEGAN_AT - 1, "accepted"),
    sample(BEGAN_AT + 1, "accepted", 7),
    sample(BEGAN_AT + 2_000, "try again"),
    sample(BEGAN_AT + 3_000, "no answer", 0),
    sample(BEGAN_AT + 15_000, "refused"),
  ],
  proofs: [
    { claim: "one", status: "held", violations: [] },
    { claim: "two", status: "broken", violations: ["a unit <script> was lost"] },
  ],
};

const day: GameDay = {
  ...{ seed: 1, seconds: 10, rate: 10, commit: "abc" },
  machine: { cpus: 2, cpu: "cpu", memoryBytes: 1, os: "os", node: "v24" },
  faults: [played],
};

test("the table counts what buyers got while the fault lasted", () => {
  const [, , row] = asTable([played]).split("\n");
  expect(row?.split(/ {2,}/)).toEqual([
    ...["Redis <stopped>", "1", "0", "1", "1", "5", "7", "0.5 s", "31 s breaker_open"],
    ...["1.5 s", "not in time", "1 of 2 broken"],
  ]);
});

test("violations name the fault and the promise", () => {
  expect(violations([played])).toEqual(["redis-stopped: two: a unit <script> was lost"]);
});

test("a fault that breaks a promise for many orders shows the first of them, and how many more", () => {
  const many = Array.from({ length: 240 }, (_, n) => `order ${n}`);
  const proofs = [{ claim: "one", status: "broken" as const, violations: many }];
  const shown = violations([{ ...played, proofs }]);
  expect(shown).toHaveLength(6);
  expect(shown.at(-1)).toBe("redis-stopped: one: and 235 more");
});

test("the report draws the answers and the fault, and escapes what it quotes", () => {
  const html = renderHtml(day);
  expect(html).toContain("Broken promises:");
  expect(html).toContain("a unit &lt;script&gt; was lost");
  expect(html).not.toContain("<script");
  expect(html.match(/<svg/g)).toHaveLength(2);
  expect(html.match(/<rect class="lasting"/g)).toHaveLength(2);
  expect(html).toContain('<rect class="no-answer"');
});

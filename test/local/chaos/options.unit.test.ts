// The command line of a game day.
import { expect, test } from "vitest";
import { FAULTS } from "../../../src/local/chaos/faults.ts";
import { parseOptions } from "../../../src/local/chaos/options.ts";
import { UsageError } from "../../../src/local/command-line.ts";

test("plays every fault, long enough for alerts, unless told otherwise", () => {
  expect(parseOptions([])).toMatchObject({ faults: [...FAULTS], seconds: 40, rate: 10 });
});

test("plays the named faults in their order", () => {
  const { faults } = parseOptions(["--only", "worker-killed, redis-stopped"]) as never as {
    faults: { name: string }[];
  };
  expect(faults.map(({ name }) => name)).toEqual(["worker-killed", "redis-stopped"]);
});

test.each([
  ["an unknown fault", ["--only", "meteorite"]],
  ["an empty list of faults", ["--only", ""]],
  ["no seconds at all", ["--seconds", "0"]],
  ["half a second", ["--seconds", "0.5"]],
  ["a rate that one machine cannot send", ["--rate", "100000"]],
  ["a report in a missing folder", ["--html", "missing/report.html"]],
  ["an unknown option", ["--fast"]],
])("explains the usage on %s", (_, argv) => {
  expect(() => parseOptions(argv)).toThrow(UsageError);
});

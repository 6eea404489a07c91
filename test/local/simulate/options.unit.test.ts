// The command line of the simulation.
import { expect, test } from "vitest";
import { UsageError } from "../../../src/local/command-line.ts";
import { parseOptions } from "../../../src/local/simulate/options.ts";

test("simulates ten million people unless told otherwise", () => {
  expect(parseOptions([])).toMatchObject({
    mode: "simulate",
    scenario: { people: 10_000_000, stock: 200_000, colos: 300, lanes: 1, isPaid: false },
  });
});

test.each([
  ["no people", ["--people", "0"]],
  ["half a unit", ["--stock", "0.5"]],
  ["more units than a SKU may have", ["--stock", "1000001"]],
  ["more lanes than a SKU may have", ["--lanes", "65"]],
  ["a faster line than a sale may have", ["--line", "1001"]],
  ["a word instead of a number", ["--seed", "abc"]],
  ["a report in a missing folder", ["--html", "missing/report.html"]],
  ["an unknown option", ["--fast"]],
  ["an argument without an option", ["10"]],
  ["two different tasks", ["--validate", "--compare-lanes"]],
])("explains in one line what is wrong with %s", (_, argv) => {
  expect(() => parseOptions(argv)).toThrow(UsageError);
  expect(() => parseOptions(argv)).toThrow(/^[^\n]+$/);
});

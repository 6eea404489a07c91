// What all command lines share: options that npm took for its own, files that cannot be written, and faults in one line.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outputFile, parse, UsageError } from "../../src/local/command-line.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";

const OPTIONS = {
  people: { type: "string" },
  stock: { type: "string" },
  paid: { type: "boolean" },
} as const;

const parsed = (args: string[], env = {}) => ({
  ...parse({ args, options: OPTIONS, allowPositionals: true }, env).values,
});

test.each([
  [["5"], { npm_config_people: "true" }, { people: "5" }],
  [
    ["5", "2"],
    { npm_config_stock: "true", npm_config_people: "true" },
    { stock: "5", people: "2" },
  ],
  [[], { npm_config_paid: "true" }, { paid: true }],
  [["5"], { npm_config_paid: "true", npm_config_people: "true" }, { paid: true, people: "5" }],
  [["--people", "5"], { npm_config_paid: "true" }, { people: "5" }],
  [["5"], {}, {}],
])("restores the options that npm took out of %j with %j", (args, env, values) => {
  expect(parsed(args, env)).toEqual(values);
});

test.each([
  [["--fast"], "Unknown option '--fast'."],
  [["--people"], "Option '--people <value>' argument missing."],
  [["--people", "-5"], "Option '--people' argument is ambiguous."],
])("says in one sentence what is wrong with %j", (args, message) => {
  expect(() => parsed(args)).toThrow(new UsageError(message));
});

test("refuses a file in a missing folder, below a file, or in place of a folder, before any work", () => {
  const folder = makeTempDir("command-line");
  const file = join(folder, "report.html");
  expect(outputFile("--html", file)).toBe(file);
  writeFileSync(file, "");
  expect(outputFile("--html", file)).toBe(file);
  for (const path of [join(folder, "missing", "a.html"), join(file, "a.html"), folder, ""]) {
    expect(() => outputFile("--html", path)).toThrow(UsageError);
  }
});

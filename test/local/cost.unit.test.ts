// `npm run cost`: the table that it prints, and what it says to bad arguments.
import fc from "fast-check";
import { expect, test } from "vitest";
import { runCost } from "../../src/local/cost.ts";

function run(...args: string[]): { status: number; text: string } {
  const lines: string[] = [];
  const status = runCost(args, (line) => lines.push(line));
  return { status, text: lines.join("\n") };
}

test("shows three kinds of sale and a naive design side by side, with plans, and the date of the prices", () => {
  const { status, text } = run("--visitors", "1000000", "--stock", "5000");
  expect(status).toBe(0);
  for (const shown of [
    "no line",
    "line",
    "draw",
    "naive",
    "Together",
    "Redis commands",
    "Upstash Free",
  ])
    expect(text).toContain(shown);
  expect(text).toMatch(/List prices of \w+ \d{4}: /);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test("says that a sale for a few people fits the free plans of Cloudflare and Upstash", () => {
  const few = ["--visitors", "500", "--stock", "50", "--minutes", "15", "--colos", "5"];
  expect(run(...few).text).toMatch(/Workers Free, in one day +fits +fits +fits/);
  expect(run(...few).text).toMatch(/Upstash Free +fits +fits +fits/);
});

test.each([
  [["--visitors=-1", "--stock", "5"], "--visitors is not a whole number from 1 to 1,000,000,000"],
  [["--visitors", "1.5", "--stock", "5"], "--visitors is not a whole number"],
  [["--visitors", "1e3", "--stock", "5"], "--visitors is not a whole number"],
  [["--visitors", "0", "--stock", "5"], "--visitors is not a whole number"],
  [["--visitors", "9".repeat(400), "--stock", "5"], "--visitors is not a whole number"],
  [
    ["--visitors", "5", "--stock", "50000001"],
    "--stock is not a whole number from 1 to 50,000,000",
  ],
  [["--visitors", "5", "--stock", ""], "--stock is not a whole number"],
  [["--visitors", "5"], "--stock is missing"],
  [[], "--stock is missing"],
  [["--visitors", "5", "--stock", "5", "--minutes", "NaN"], "--minutes is not a whole number"],
  [["--visitors", "5", "--stock", "5", "--colos", "1001"], "--colos is not a whole number"],
  [["--visitor", "5"], "Unknown option '--visitor'"],
  [["--visitors", "-5", "--stock", "5"], "ambiguous"],
  [["many"], "Unexpected argument 'many'"],
])("refuses %j in one line", (args, message) => {
  const { status, text } = run(...args);
  expect(status).toBe(2);
  expect(text).toContain(message);
  expect(text).not.toContain("\n");
});

test("understands options that npm passes on without their names", () => {
  const lines: string[] = [];
  const env = { npm_config_visitors: "true", npm_config_stock: "true" };
  expect(runCost(["500", "50"], (line) => lines.push(line), env)).toBe(0);
  expect(lines.join("")).toContain("500 people, 50 units");
});

test("answers any arguments with a table or one line, and never fails otherwise", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--visitors", "--stock", "--minutes", "--colos", "--free", "--", "1", "10"),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (args) => {
      const { status, text } = run(...args);
      expect(text).not.toMatch(/NaN|undefined/);
      if (status !== 0) expect([status, text.includes("\n")]).toEqual([2, false]);
    }),
  );
});

// The tables of the README state the prices and estimates of `src/cost/`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { billOf, inDollars } from "../../src/cost/bill.ts";
import { CHECKED, type Part, PRICES, WORKERS_PAID } from "../../src/cost/prices.ts";
import { KINDS, SCENARIO, usageOf } from "../../src/cost/usage.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");

/** The cells of each row after the head, by the text of the first cell. */
function tableIn(heading: string): Map<string, string[]> {
  const section = README.split(`\n### ${heading}\n`)[1]?.split("\n### ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.includes("---"));
  return new Map(
    rows.map((row) => {
      const [, name = "", ...cells] = row.split("|").map((cell) => cell.trim());
      return [name, cells];
    }),
  );
}

/** The number that a cell states, with "million" multiplied. */
function numberIn(cell = ""): number {
  const [, digits = "", million] = /([\d,.]+)( million)?/.exec(cell) ?? [];
  return Number(digits.replaceAll(",", "")) * (million ? 1_000_000 : 1);
}

const ROWS: [row: string, part: Part, per: number][] = [
  ["requests", "requests", 1e6],
  ["CPU time", "cpuMs", 1e6],
  ["calls of objects, alarms included", "objectCalls", 1e6],
  ["time of objects in memory", "objectGbSeconds", 1e6],
  ["rows written", "rowsWritten", 1e6],
  ["rows read", "rowsRead", 1e6],
  ["stored (GB, for a month)", "storedGb", 1],
  ["queue operations, three per message", "queueOperations", 1e6],
  ["Redis commands (Upstash, pay as you go)", "redisCommands", 1e6],
];

test.each(ROWS)("the README states the price of %s", (row, part, per) => {
  const [free, included, further] = tableIn("Prices").get(row) ?? [];
  const price = PRICES[part];
  // Workers Free limits the CPU time of each request, not their sum.
  if (Number.isFinite(price.free)) expect(numberIn(free)).toBe(price.free);
  expect(numberIn(included)).toBe(price.included);
  expect(Number(/^\$([\d.]+)/.exec(further ?? "")?.[1])).toBeCloseTo(price.dollars * per, 6);
});

test("the README names every price, the month in which it was read, and the fee of the plan", () => {
  expect(ROWS.map(([, part]) => part).sort()).toEqual(Object.keys(PRICES).sort());
  expect(README).toContain(`\nChecked in ${CHECKED}, `);
  expect(README).toContain(`| Workers Paid ($${WORKERS_PAID} a month) includes`);
});

const SUMS: [row: string, parts: Part[]][] = [
  ["requests and their CPU time", ["requests", "cpuMs"]],
  [
    "objects: calls, memory, rows, storage",
    ["objectCalls", "objectGbSeconds", "rowsRead", "rowsWritten", "storedGb"],
  ],
  ["queues", ["queueOperations"]],
  ["Redis, pay as you go", ["redisCommands"]],
  ["together", Object.keys(PRICES) as Part[]],
];

test.each(SUMS)("the README states the estimate of %s", (row, parts) => {
  const scenario = { ...SCENARIO, visitors: 1_000_000, stock: 5_000, paid: 5_000 };
  const estimates = KINDS.map((kind) => {
    const usage = usageOf(scenario, kind);
    const bill = billOf(Object.fromEntries(parts.map((part) => [part, usage[part]])));
    return inDollars(bill.dollars);
  });
  expect(tableIn("Estimate a sale").get(row)?.slice(0, KINDS.length)).toEqual(estimates);
});

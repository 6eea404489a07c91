// The memory of an isolate: 128 MB on Cloudflare. All caches that grow with requests must fit in half of it.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { BUDGETS } from "../../src/edge/memory.ts";
import type { Filled } from "./memory-fill.ts";

const MIB = 1024 * 1024;
/** Two measurements of an unchanged heap differ by tens of kilobytes, because compiled code is added and freed. */
const NOISE = MIB / 16;
let filled: Filled[] = [];

beforeAll(async () => {
  const script = join(import.meta.dirname, "memory-fill.ts");
  const args = ["--expose-gc", "--disable-warning=ExperimentalWarning", script];
  filled = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
});

test("keeps the sum of all budgets within half of an isolate's 128 MB", () => {
  const sum = Object.values(BUDGETS).reduce((all, budget) => all + budget, 0);
  expect(sum).toBeLessThanOrEqual(64 * MIB);
});

test("creates caches only in the module that gives them budgets", async () => {
  const src = join(import.meta.dirname, "../../src");
  const files = await readdir(src, { recursive: true });
  const makers = [];
  for (const file of files.filter((name) => /\.tsx?$/.test(name))) {
    if ((await readFile(join(src, file), "utf8")).includes('from "lru-cache"')) makers.push(file);
  }
  expect(makers).toEqual(["edge/memory.ts"]);
});

test("measures every memory that has a budget", () => {
  expect(new Set(filled.map(({ name }) => name))).toEqual(new Set(Object.keys(BUDGETS)));
});

test.each(Object.keys(BUDGETS))(
  "%s takes no more of the heap than its budget when full",
  (name) => {
    for (const { budget, declared, measured } of filled.filter((one) => one.name === name)) {
      expect(declared).toBeGreaterThan(0.9 * budget); // it is full
      expect(declared).toBeLessThanOrEqual(budget);
      expect(measured).toBeLessThanOrEqual(declared + NOISE);
      expect(measured + NOISE).toBeGreaterThan(declared / 4); // the size estimate is not far too high
    }
  },
);

// Every file that the documents mention exists.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const DOCUMENTS = [
  "README.md",
  "src/ARCHITECTURE.md",
  ".github/CONTRIBUTING.md",
  ".github/SECURITY.md",
  ".github/pull_request_template.md",
];
const PATH = /(?<![\w/.-])(?:src|test|\.ci|\.github)\/[\w./-]*\w/g;

test.each(DOCUMENTS)("every path in %s exists", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");
  const named = [...text.matchAll(PATH)].map(([path]) => path);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("every row of the table of failures names a test that makes the part fail", () => {
  const text = readFileSync(join(ROOT, "src/ARCHITECTURE.md"), "utf8");
  const section = /^## When a part fails$(.*?)^## /ms.exec(text)?.[1] ?? "";
  const [, , ...rows] = section.split("\n").filter((line) => line.startsWith("|"));
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((row) => !/`test\/[\w/-]+\.test\.ts` \|$/.test(row))).toEqual([]);
});

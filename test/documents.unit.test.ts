// Every file that the documents mention exists, every link leads somewhere, and every folder is on the map.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
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

test("the architecture names every folder of src, down to the second level", () => {
  const text = readFileSync(join(ROOT, "src/ARCHITECTURE.md"), "utf8");
  const folders = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => relative(join(ROOT, "src"), join(parentPath, name)))
    .filter((folder) => folder.split(sep).length <= 2);
  expect(folders.length).toBeGreaterThan(30);
  expect(folders.filter((folder) => !text.includes(`${folder}/`))).toEqual([]);
});

test.each(DOCUMENTS)("every link within %s leads to a heading", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(/\s/g, "-"),
  );
  const links = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
  expect(links.filter((anchor) => !headings.includes(anchor as string))).toEqual([]);
});

// How a change is put in short.
import fc from "fast-check";
import { expect, test } from "vitest";
import { changesBetween } from "../../src/catalog/log-entry.ts";

test("names changed, new and removed values by their path", () => {
  const before = { title: "Old", listed: true, protection: { mode: "off" } };
  const after = { title: "New", listed: true, perUserLimit: 2 };
  expect(changesBetween(before, after)).toEqual([
    { path: "title", before: "Old", after: "New" },
    { path: "protection.mode", before: "off" },
    { path: "perUserLimit", after: 2 },
  ]);
});

test("compares items of a list by their id, so that a new order of them is no change", () => {
  const [a, b] = [
    { id: "a", stock: 1 },
    { id: "b", stock: 2 },
  ];
  expect(changesBetween({ skus: [a, b] }, { skus: [b, { ...a, stock: 3 }] })).toEqual([
    { path: "skus.a.stock", before: 1, after: 3 },
  ]);
});

test("lists all values of a document that is new or deleted", () => {
  const document = { id: "x", stock: null };
  expect(changesBetween(undefined, document)).toEqual([
    { path: "id", after: "x" },
    { path: "stock", after: null },
  ]);
  expect(changesBetween(document, null)).toEqual([
    { path: "id", before: "x" },
    { path: "stock", before: null },
  ]);
});

test("stays small however large the documents are", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.jsonValue({ maxDepth: 6 }), (before, after) => {
      const huge = { text: "❤".repeat(10_000), ...Array.from({ length: 500 }, (_, i) => i) };
      const changes = changesBetween({ before, huge }, { after, huge: {} });
      expect(changes.length).toBeLessThanOrEqual(31);
      expect(JSON.stringify(changes).length).toBeLessThan(31 * 600);
      expect(changes.at(-1)?.after).toMatch(/^\d+ more changes$/);
    }),
  );
});

test("finds no change between equal documents", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (document) => {
      expect(changesBetween(document, structuredClone(document))).toEqual([]);
    }),
  );
});

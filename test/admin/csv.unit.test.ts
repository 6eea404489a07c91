// CSV as RFC 4180 defines it, safe to open in a spreadsheet.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvRecord } from "../../src/admin/csv.ts";
import { toDecimal } from "../../src/values/money.ts";

/** Reads CSV by the grammar of RFC 4180, which is stricter than spreadsheets. */
function parse(text: string): string[][] {
  const records: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (!match) throw new Error("not RFC 4180");
    records.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "\r\n") records.push([]);
  }
  return records.slice(0, -1);
}

const nasty = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."=+-@,\";\r\n\t'＝＋－＠ a") }),
);

test("any texts come back as they were, apart from the apostrophes before formulas", () => {
  fc.assert(
    fc.property(fc.array(fc.array(nasty, { minLength: 1 }), { minLength: 1 }), (records) => {
      const read = parse(records.map(csvRecord).join(""));
      const plain = (text: string) => text.replaceAll("'", "");
      expect(read.map((record) => record.map(plain))).toEqual(
        records.map((record) => record.map(plain)),
      );
    }),
  );
});

test("no field starts a formula, however a spreadsheet splits the record", () => {
  fc.assert(
    fc.property(nasty, nasty, (first, second) => {
      const record = csvRecord([first, second]);
      for (const field of [...(parse(record)[0] ?? []), ...record.split(/[;\t\r\n]/)]) {
        expect(field.replace(/^["\s]+/, "")).not.toMatch(/^[=+\-@＝＋－＠]/);
      }
    }),
  );
});

test.each([
  ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "\t'=1"],
  ["bob;=HYPERLINK(1)", "bob;'=HYPERLINK(1)"],
  ['a;"=1', "a;\"'=1"],
  ["＝1+1", "'＝1+1"],
  ["a=b", "a=b"],
  ["", ""],
])("writes %j as %j", (text, expected) => {
  expect(parse(csvRecord([text]))).toEqual([[expected]]);
});

test("writes numbers as they are", () => {
  expect(csvRecord([-1, 0, 12.5])).toBe("-1,0,12.5\r\n");
});

describe("an amount", () => {
  test.each([
    [1250, "USD", "12.50"],
    [5, "USD", "0.05"],
    [0, "USD", "0.00"],
    [1250, "JPY", "1250"],
    [1250, "KWD", "1.250"],
    [5, "KWD", "0.005"],
    [999_999_999_999, "EUR", "9999999999.99"],
  ])("of %d in %s is %s", (amount, currency, expected) => {
    expect(toDecimal({ amount, currency })).toBe(expected);
  });
});

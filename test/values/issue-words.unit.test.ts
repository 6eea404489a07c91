// The words for invalid values: right for the usual mistakes, and plain whatever is sent.
import fc from "fast-check";
import { expect, test } from "vitest";
import type * as z from "zod";
import { saleDocumentSchema } from "../../src/catalog/schema.ts";
import { switchChangeSchema } from "../../src/catalog/switch-schema.ts";
import { readConfig } from "../../src/config/config.ts";
import { orderBodySchema } from "../../src/funnel/attempt.ts";
import { toIssues } from "../../src/http/errors.ts";

const issuesOf = (schema: z.ZodType, value: unknown): string[] =>
  toIssues(schema.safeParse(value).error ?? { issues: [] }).map(
    ({ path, message }) => `${path}: ${message}`,
  );

const item = { id: "mug", name: "Mug", unitPrice: { amount: 0, currency: "USD" }, stock: 5 };
const sale = {
  ...{ id: "drop", title: "Drop", skus: [item] },
  ...{ opensAt: "2027-03-01T09:00:00Z", closesAt: "2027-03-01T12:00:00Z" },
};
const soldAs = (changes: object) => ({ ...sale, skus: [{ ...item, ...changes }] });

test.each<[mistake: string, document: unknown, issue: string]>([
  ["no document", null, ": must be an object"],
  ["a list for a document", [sale], ": must be an object"],
  ["no title", { ...sale, title: undefined }, "title: is required"],
  ["a number for a title", { ...sale, title: 5 }, "title: must be a string"],
  ["an empty title", { ...sale, title: "" }, "title: must not be empty"],
  ["a long title", { ...sale, title: "a".repeat(501) }, "title: must have at most 200 characters"],
  ["text for yes or no", { ...sale, listed: "no" }, "listed: must be true or false"],
  ["no items", { ...sale, skus: [] }, "skus: must not be empty"],
  ["a text for a list", { ...sale, skus: "mug" }, "skus: must be an array"],
  ["an item without a stock", soldAs({ stock: undefined }), "skus.0.stock: is required"],
  ["half a unit", soldAs({ stock: 1.5 }), "skus.0.stock: must be a whole number"],
  ["a text for a number", soldAs({ stock: "5" }), "skus.0.stock: must be a number"],
  ["fewer units than none", soldAs({ stock: -1 }), "skus.0.stock: must be at least 0"],
  ["too many lanes", soldAs({ lanes: 65 }), "skus.0.lanes: must be at most 64"],
  ["a misspelt field", { ...sale, titel: "x" }, ': must not have the unknown field "titel"'],
  [
    "many unknown fields",
    { ...sale, ...Object.fromEntries([..."abcdefg"].map((key) => [key.repeat(99), 1])) },
    `: must not have the unknown fields ${[..."abcde"].map((key) => `"${key.repeat(64)}"`).join(", ")} and 2 others`,
  ],
  [
    "a day for an instant",
    { ...sale, opensAt: "2027-03-01" },
    "opensAt: must be a date and time such as 2026-12-01T09:00:00Z",
  ],
  [
    "an unknown kind of line",
    { ...sale, admission: { mode: "vip" } },
    "admission.mode: must be one of open, queue, draw",
  ],
  ["a line of no kind", { ...sale, admission: {} }, "admission.mode: is required"],
])("%s is explained in plain words", (_, document, issue) => {
  expect(issuesOf(saleDocumentSchema, document)).toContain(issue);
});

test("a variable of the deployment that may be empty is explained by what else it may be", () => {
  const config = readConfig({ PAYMENTS: "paypal", DEMO_LOGIN: "true", PUBLIC_ORIGIN: "shop" });
  expect(config.ok ? [] : config.faults).toEqual(
    expect.arrayContaining([
      "PAYMENTS: must be one of sandbox, stripe, external",
      "PUBLIC_ORIGIN: must be a complete address",
    ]),
  );
});

const VALID = [
  { schema: saleDocumentSchema, value: sale },
  { schema: orderBodySchema, value: { quantity: 1, unitPrice: { amount: 1, currency: "USD" } } },
  { schema: switchChangeSchema, value: { reason: "x", set: [{ name: "orders", value: true }] } },
];

test("whatever is sent in place of a part, no words are those of the schemas' library", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VALID),
      fc.nat(),
      fc.jsonValue(),
      ({ schema, value }, at, odd) => {
        let seen = 0;
        const sent = JSON.parse(JSON.stringify(value), (_, part) =>
          seen++ === at % 12 ? odd : part,
        );
        for (const words of issuesOf(schema, sent))
          expect(words.replace(/".*"/, "")).not.toMatch(/Invalid|expected|received|Too |undefined/);
      },
    ),
  );
});

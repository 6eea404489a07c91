// Validation of sale documents: every accepted document can be read again.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { saleDocumentSchema, saleSchema } from "../../src/catalog/schema.ts";
import { admin, call } from "../support/http.ts";
import { aBuyer, aSale, aSku, bought, unique } from "../support/shop.ts";

const put = (changes: object) => {
  const sale = { ...aSale(), ...changes };
  return { id: sale.id, answer: admin("PUT", `/sales/${sale.id}`, { body: sale }) };
};

describe("the time", () => {
  test.each([
    ["opensAt", "0000-01-01T00:00:00+01:00", "before the year 0"],
    ["opensAt", "0000-06-01T00:00:00Z", "the year 0"],
    ["opensAt", "1969-12-31T23:59:59Z", "before 1970"],
    ["opensAt", "1970-01-01T00:00:00+00:01", "before 1970 by its offset"],
    ["closesAt", "9999-12-31T23:59:59-01:00", "after 9999 by its offset"],
    ["opensAt", "+010000-01-01T00:00:00Z", "an expanded year"],
    ["closesAt", "2026-12-31T23:59:60Z", "a leap second"],
    ["closesAt", "2027-02-29T00:00:00Z", "a date that does not exist"],
    ["closesAt", "2027-01-01T24:00:00Z", "hour 24"],
    ["closesAt", "2027-01-01T00:00:00", "without an offset"],
  ])("%s %s is refused: %s", async (field, text) => {
    const { id, answer } = put({ [field]: text });
    expect(await answer).toMatchObject({ status: 400, body: { issues: [{ path: field }] } });
    expect((await call("GET", `/api/sales/${id}`)).status).toBe(404);
  });

  test.each([
    ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"],
    ["1970-01-01T01:00:00+01:00", "9999-12-31T22:59:59-01:00"],
  ])("range from %s to %s is accepted and served", async (opensAt, closesAt) => {
    const { id, answer } = put({ opensAt, closesAt });
    expect((await answer).status).toBe(201);
    expect((await call("GET", `/api/sales/${id}`)).status).toBe(200);
    expect((await call("GET", `/sales/${id}`)).status).toBe(200);
  });
});

test("products are public, can be sent back as they are, and name the option in orders", async () => {
  const products = [{ id: "runner", name: "Runner", imageUrl: "https://a.test/1.jpg" }];
  const skus = ["41", "42"].map((option) => ({
    ...aSku({ name: `Runner ${option}`, product: "runner", option }),
    compareAtPrice: { amount: 15_000, currency: "USD" },
  }));
  const { id, answer } = put({ products, skus });
  expect((await answer).status).toBe(201);
  expect((await call("GET", `/api/sales/${id}`)).body).toMatchObject({ products, skus });
  const stored = await admin("GET", `/sales/${id}`);
  expect(stored.body).toMatchObject({ products, skus });
  expect((await admin("PUT", `/sales/${id}`, { body: stored.body })).body).toEqual(stored.body);
  const { item } = await bought(await aBuyer(), skus[1]?.id ?? "");
  expect(item).toMatchObject({
    ...{ name: "Runner 42", option: "42", imageUrl: "https://a.test/1.jpg" },
  });
});

test("any accepted document is read back unchanged", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 210 });
  const zone = fc.constantFrom("Z", "+14:00", "-12:00", "+00:01", "-23:59");
  const time = fc
    .tuple(
      fc.date({ min: new Date("0000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
      zone,
    )
    .map(([date, offset]) => date.toISOString().replace("Z", offset));
  const changes = fc.record(
    {
      title: text,
      description: text,
      opensAt: time,
      closesAt: time,
      imageUrl: fc.oneof(fc.webUrl({ validSchemes: ["https"] }), text),
      language: fc.oneof(fc.constantFrom("de", "pt-BR", "zz-zz"), text),
    },
    { requiredKeys: [] },
  );
  const sale = aSale({ id: unique("sale") });
  fc.assert(
    fc.property(changes, (change) => {
      const { data } = saleDocumentSchema.safeParse({ ...sale, ...change });
      if (data) expect(saleSchema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
    }),
  );
});

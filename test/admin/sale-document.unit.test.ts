// The console's form of a sale: every stored sale survives being shown and sent, and every text becomes a value or an issue.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Texts } from "../../src/admin/console/form-texts.ts";
import { FIELDS, saleFromTexts, textsOf } from "../../src/admin/console/sale-document.ts";
import { addRow, ROW_FIELDS, replaceRows, rowsOf } from "../../src/admin/console/sale-rows.ts";
import { type Sale, saleSchema } from "../../src/catalog/schema.ts";
import { fromDecimal, toDecimal } from "../../src/values/money.ts";

const id = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const text = (maxLength: number) => fc.string({ minLength: 1, maxLength, unit: "grapheme" });
const lines = fc
  .array(fc.oneof(text(10), fc.constantFrom("\n", "\r\n", "\r", " ", "&<>\"'")))
  .map((parts) => parts.join(""));
const named = lines.map((some) => `a${some}z`.slice(0, 200));
const url = fc.constantFrom("https://a.test/x?y=1&z=%20", "https://b.test");
const at = (min: number, max: number) =>
  fc.integer({ min, max }).map((ms) => new Date(ms).toISOString());
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });

const required = fc.record({
  id,
  name: named,
  unitPrice: fc.record({
    amount: fc.integer({ min: 0, max: 999_999_999_999 }),
    currency: fc.constantFrom("USD", "JPY", "KWD", "CLF", "EUR"),
  }),
  stock: fc.integer({ min: 0, max: 1_000_000 }),
  perUserLimit: fc.integer({ min: 1, max: 100 }),
  holdSeconds: fc.integer({ min: 1, max: 86_400 }),
});
const sku = fc
  .tuple(required, optional(fc.integer({ min: 1, max: 64 })))
  .map(([one, lanes]) => ({ ...one, ...(lanes !== undefined ? { lanes } : {}) }));

const product = fc.record(
  {
    id,
    name: named,
    description: lines,
    imageUrl: url,
    imageAlt: lines,
    moreImages: fc.array(fc.record({ url, alt: lines }, { requiredKeys: ["url"] }), {
      maxLength: 3,
    }),
  },
  { requiredKeys: ["id", "name"] },
);

/** Makes the SKUs with these numbers options of the products, one each. */
function withProducts<T extends { skus: object[] }>(sale: T, products: { id: string }[]): T {
  const used = products.slice(0, sale.skus.length);
  const skus = sale.skus.map((sku, at) =>
    used[at] ? { ...sku, product: used[at].id, option: `No. ${at}` } : sku,
  );
  return { ...sale, skus, ...(used.length > 0 ? { products: used } : {}) };
}

const products = fc.uniqueArray(product, { maxLength: 3, selector: (each) => each.id });

const mode = fc.constantFrom("queue", "draw");
const ratePerSecond = fc.double({ min: 0.1, max: 1_000, noNaN: true });
const admission = fc.oneof(
  fc.constant({ mode: "open" }),
  fc.record({ mode, ratePerSecond }),
  fc.record({
    ...{ mode, ratePerSecond, registrationOpensAt: at(0, 900_000_000) },
    registrationClosesAt: at(1_000_000_000, 1_100_000_000),
  }),
);

/** Any sale that can be stored, with settings that the form does not show. */
const storedSale: fc.Arbitrary<Sale> = fc
  .record({
    id,
    title: named,
    description: lines,
    language: optional(fc.constantFrom("de", "pt-BR")),
    imageUrl: optional(url),
    theme: optional(
      fc.record(
        {
          accent: fc.constant("#1d3fbf"),
          seller: named.map((name) => name.slice(0, 50).trim()),
          imageAlt: lines,
        },
        { requiredKeys: [] },
      ),
    ),
    opensAt: at(2_000_000_000, 3_000_000_000),
    closesAt: at(3_000_000_001, 9_000_000_000),
    protection: optional(
      fc.record({
        challenge: fc.record({
          mode: fc.constantFrom("off", "by-score", "always"),
          threshold: fc.integer({ min: 1, max: 100 }),
        }),
        autoBlock: fc.record({ blockSeconds: fc.integer({ min: 1, max: 86_400 }) }),
      }),
    ),
    admission,
    perUserLimit: optional(fc.integer({ min: 1, max: 100 })),
    listed: optional(fc.boolean()),
    skus: fc.uniqueArray(sku, { minLength: 1, maxLength: 5, selector: (each) => each.id }),
  })
  .chain((sale) => products.map((some) => withProducts(sale, some)))
  .map((sale) => saleSchema.parse(JSON.parse(JSON.stringify(sale))));

/** Fields as a browser sends them: line breaks as CR LF, and none from a field of one line. */
const sent = (texts: Texts): Texts =>
  Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [
      name,
      /description|moreImages/.test(name)
        ? value.replace(/\r\n|\r|\n/g, "\r\n")
        : value.replace(/[\r\n]/g, ""),
    ]),
  );

const saved = (texts: Texts, base?: Sale): Sale => {
  const parsed = saleFromTexts(texts, base);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.sale;
};

describe("a stored sale", () => {
  test("survives being shown and sent unchanged", () => {
    fc.assert(
      fc.property(storedSale, (sale) => {
        expect(saved(sent(textsOf(sale)), sale)).toEqual(sale);
      }),
    );
  });

  test("keeps all other values when one text changes", () => {
    fc.assert(
      fc.property(storedSale, named, (sale, title) => {
        const change = {
          ...textsOf(sale),
          title: `New ${title.replace(/[\r\n]/g, "").slice(0, 190)}`,
        };
        expect(saved(sent(change), sale)).toEqual({ ...sale, title: change.title.trim() });
      }),
    );
  });

  test("is never changed by reading the form", () => {
    fc.assert(
      fc.property(storedSale, (sale) => {
        const before = structuredClone(sale);
        saleFromTexts({ ...textsOf(sale), title: "Another", "theme.imageAlt": "A lamp" }, sale);
        expect(sale).toEqual(before);
      }),
    );
  });
});

describe("any texts", () => {
  const anyText = fc.oneof(
    fc.string(),
    fc.constantFrom("", "0", "-1", "1e9", "NaN", "2026-13-45T99:99", "__proto__"),
  );
  const rowNames = [
    ...Object.keys(ROW_FIELDS.products).map((name) => `products.0.${name}`),
    ...Object.keys(ROW_FIELDS.skus).map((name) => `skus.0.${name}`),
  ];
  const names = [...Object.keys(FIELDS), ...rowNames];

  test("become a sale or issues, and every issue is beside a field", () => {
    const fields = new Set([...names, "skus", "products"]);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), anyText), (texts) => {
        const parsed = saleFromTexts(texts);
        if (parsed.ok) return;
        for (const { path, message } of parsed.issues) {
          expect(fields.has(path), `${path}: ${message}`).toBe(true);
        }
      }),
    );
  });
});

const filled = (more: Texts = {}): Texts => ({
  ...textsOf(),
  ...{ id: "drop", title: "Drop", opensAt: "2027-01-01T09:00", closesAt: "2027-01-02T09:00:30.5" },
  ...{ "skus.0.id": "lamp", "skus.0.name": "Lamp", "skus.0.unitPrice.amount": "12.5" },
  ...{ "skus.0.stock": "10" },
  ...more,
});

test("a new sale gets its values from the texts, and defaults for what is empty", () => {
  expect(saved(filled({ "theme.imageAlt": "A lamp" }))).toEqual({
    ...{ id: "drop", title: "Drop", description: "", admission: { mode: "open" } },
    ...{ opensAt: "2027-01-01T09:00:00.000Z", closesAt: "2027-01-02T09:00:30.500Z" },
    theme: { imageAlt: "A lamp" },
    skus: [
      {
        ...{ id: "lamp", name: "Lamp", unitPrice: { amount: 1_250, currency: "USD" } },
        ...{ stock: 10, perUserLimit: 1, holdSeconds: 300 },
      },
    ],
  });
});

test("a sale without a line drops the line's settings, and an emptied field its value", () => {
  const line = saved(filled({ "admission.mode": "queue", "admission.ratePerSecond": "20" }));
  expect(line.admission).toEqual({ mode: "queue", ratePerSecond: 20 });
  expect(saved({ ...textsOf(line), "admission.mode": "open" }, line).admission).toEqual({
    mode: "open",
  });
  const emptied = saved({ ...textsOf(line), "admission.ratePerSecond": "" }, line);
  expect(emptied.admission).toEqual({ mode: "queue", ratePerSecond: 50 });
});

test("a price changes with its currency: 12 dollars become 12 yen, not 1200", () => {
  const dollars = saved(filled({ "skus.0.unitPrice.amount": "12" }));
  const yen = { "skus.0.unitPrice.amount": "12", "skus.0.unitPrice.currency": "JPY" };
  const [item] = saved({ ...textsOf(dollars), ...yen }, dollars).skus;
  expect(item?.unitPrice).toEqual({ amount: 12, currency: "JPY" });
});

test.each<[field: string, text: string, message: string]>([
  ["id", "A b", "use 1 to 64 of a-z, 0-9 and -"],
  ["title", " ", "is required"],
  ["imageUrl", "http://a.test", "use a complete https:// address"],
  ["opensAt", "", "is required"],
  ["opensAt", "tomorrow", "must be a date and time such as 2026-12-01T09:00:00Z"],
  ["closesAt", "2026-12-31T00:00", "must be after opensAt"],
  ["admission.mode", "vip", "must be one of open, queue, draw"],
  ["protection.challenge.mode", "sometimes", "must be one of off, by-score, always"],
  ["skus.0.id", "", "use 1 to 64"],
  ["skus.0.name", "", "must not be empty"],
  ["skus.0.unitPrice.amount", "", "is required"],
  ["skus.0.unitPrice.amount", "12.345", "use a price such as 12.00"],
  ["skus.0.unitPrice.amount", "1,5", "use a price such as 12.00"],
  ["skus.0.unitPrice.amount", "-1", "use a price such as 12.00"],
  ["skus.0.unitPrice.currency", "usd", "use an ISO 4217 code"],
  ["skus.0.stock", "", "is required"],
  ["skus.0.stock", "many", "must be a number"],
  ["skus.0.perUserLimit", "0", "must be at least 1"],
  ["skus.0.product", "runner", "is not the id of one of"],
  ["skus.0.option", "42", "needs a product"],
  ["skus.0.compareAtPrice.amount", "12.5", "must be higher than unitPrice"],
  ["skus.0.compareAtPrice.amount", "dear", "use a price such as 12.00"],
  ["skus.0.imageUrl", "http://a.test", "use a complete https:// address"],
  ["skus.0.holdSeconds", "1.5", "must be a whole number"],
  ["skus.0.lanes", "0", "must be at least 1"],
  ["skus.0.lanes", "65", "must be at most 64"],
  ["skus.0.lanes", "1.5", "must be a whole number"],
  ["skus.0.lanes", "many", "must be a number"],
])("%s “%s” is refused beside its field: %s", (field, text, message) => {
  const parsed = saleFromTexts(filled({ [field]: text }));
  const issues = parsed.ok ? [] : parsed.issues;
  expect(issues).toContainEqual({ path: field, message: expect.stringContaining(message) });
});

test("a form describes a product, its pictures, and its options", () => {
  const texts = filled({
    ...{ "products.0.id": "runner", "products.0.name": "Runner" },
    "products.0.moreImages": "https://a.test/1 From above\r\n\r\nhttps://a.test/2",
    ...{ "skus.0.product": "runner", "skus.0.option": "42", "skus.0.compareAtPrice.amount": "15" },
  });
  const sale = saved(texts);
  expect(sale.products).toEqual([
    {
      ...{ id: "runner", name: "Runner" },
      moreImages: [{ url: "https://a.test/1", alt: "From above" }, { url: "https://a.test/2" }],
    },
  ]);
  const compareAtPrice = { amount: 1_500, currency: "USD" };
  expect(sale.skus[0]).toMatchObject({ product: "runner", option: "42", compareAtPrice });
  // Without its rows, the sale has no products.
  const without = { ...textsOf(sale), "skus.0.product": "", "skus.0.option": "" };
  expect(saved(replaceRows(without, "products", []), sale)).not.toHaveProperty("products");
});

test("rows keep their order over gaps, and a new one is like the last without its id and name", () => {
  const gaps = { ...filled(), "skus.12.id": "mug", "skus.3.id": "cup", "skus.3.stock": "7" };
  expect(rowsOf(gaps, "skus").map((row) => row.id)).toEqual(["lamp", "cup", "mug"]);
  const rows = rowsOf(
    addRow(replaceRows(gaps, "skus", rowsOf(gaps, "skus").slice(0, 2)), "skus"),
    "skus",
  );
  expect(rows.map((row) => [row.id, row.stock])).toEqual([
    ["lamp", "10"],
    ["cup", "7"],
    ["", "7"],
  ]);
});

test("amounts survive being written and read", () => {
  const currency = fc.constantFrom("USD", "JPY", "KWD", "CLF");
  const amount = fc.integer({ min: 0, max: 999_999_999_999 });
  fc.assert(
    fc.property(fc.record({ amount, currency }), (money) => {
      expect(fromDecimal(toDecimal(money), money.currency)).toBe(money.amount);
    }),
  );
});

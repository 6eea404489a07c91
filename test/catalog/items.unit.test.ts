// Products and their SKUs: which documents are refused and where, and which cards a sale shows.
import fc from "fast-check";
import { expect, test } from "vitest";
import { cardsOf } from "../../src/catalog/items.ts";
import { itemOf } from "../../src/catalog/order-item.ts";
import { type Sale, saleDocumentSchema, saleSchema } from "../../src/catalog/schema.ts";
import { toIssues } from "../../src/http/errors.ts";

const price = (amount: number, currency = "USD") => ({ amount, currency });
const size = (option: string, more: object = {}) => ({
  ...{ id: `runner-${option}`, name: `Runner ${option}`, product: "runner", option },
  ...{ unitPrice: price(12_000), stock: 5 },
  ...more,
});
const RUNNER = { id: "runner", name: "Runner" };

const sale = (more: object) => ({
  ...{ id: "drop", title: "Drop", opensAt: "2027-01-01T09:00:00Z" },
  ...{ closesAt: "2027-01-02T09:00:00Z", products: [RUNNER], skus: [size("41"), size("42")] },
  ...more,
});

const issuesOf = (document: object) => {
  const { error } = saleDocumentSchema.safeParse(document);
  return error ? toIssues(error).map(({ path, message }) => `${path}: ${message}`) : [];
};
const parsed = (document: object): Sale => saleDocumentSchema.parse(document);

test("a document with products, options, pictures and earlier prices is accepted as it is", () => {
  const moreImages = [{ url: "https://a.test/2.jpg", alt: "From above" }];
  const runner = {
    ...RUNNER,
    description: "**New**",
    imageUrl: "https://a.test/1.jpg",
    moreImages,
  };
  const sku = size("41", { imageUrl: "https://a.test/41.jpg", compareAtPrice: price(15_000) });
  const products = [{ ...runner, imageAlt: "A shoe" }];
  const skus = [sku, { id: "mug", name: "Mug", unitPrice: price(900, "EUR"), stock: 3 }];
  expect(parsed(sale({ products, skus }))).toMatchObject({ products, skus });
  // One SKU alone needs no option.
  expect(issuesOf(sale({ skus: [size("41", { option: undefined })] }))).toEqual([]);
});

test.each<[what: string, document: object, issue: string]>([
  [
    "an unknown product",
    { skus: [size("41"), size("42", { product: "walker" })] },
    "skus.1.product: is not the id of one of the sale's products",
  ],
  [
    "a product in a sale without products",
    { products: undefined },
    "skus.0.product: is not the id of one of the sale's products",
  ],
  [
    "a product without a SKU",
    { products: [RUNNER, { id: "walker", name: "Walker" }] },
    "products.1.id: has no SKU",
  ],
  [
    "two products with one id",
    { products: [RUNNER, RUNNER] },
    "products: every product needs a different id",
  ],
  [
    "an option twice",
    { skus: [size("m"), size("M", { id: "other" })] },
    "skus.1.option: is already an option of this product",
  ],
  [
    "an option that only looks like another one",
    { skus: [size("a", { option: "Größe 4" }), size("b", { option: "Gro\u0308ße 4 " })] },
    "skus.1.option: is already an option of this product",
  ],
  [
    "an option without a product",
    { skus: [size("41"), size("42", { product: undefined })] },
    "skus.1.option: needs a product",
  ],
  [
    "several SKUs of a product, one without an option",
    { skus: [size("41"), size("42", { option: undefined })] },
    "skus.1.option: is required, because the product has several SKUs",
  ],
  ["a blank option", { skus: [size("41", { option: " " })] }, "skus.0.option: must not be empty"],
  [
    "two currencies in a product",
    { skus: [size("41"), size("42", { unitPrice: price(9_000, "EUR") })] },
    "skus.1.unitPrice.currency: must be the currency of the product's other SKUs",
  ],
  [
    "an earlier price that is not higher",
    { skus: [size("41", { compareAtPrice: price(12_000) })] },
    "skus.0.compareAtPrice: must be higher than unitPrice",
  ],
  [
    "an earlier price in another currency",
    { skus: [size("41", { compareAtPrice: price(15_000, "EUR") })] },
    "skus.0.compareAtPrice.currency: must be the currency of unitPrice",
  ],
  [
    "a picture without https",
    { products: [{ ...RUNNER, moreImages: [{ url: "http://a.test/x.jpg" }] }] },
    "products.0.moreImages.0.url: use a complete https:// address",
  ],
  [
    "a link that shows another host than it leads to",
    { theme: { links: [{ label: "Terms", url: "https://shop.test@evil.test/" }] } },
    "theme.links.0.url: must not contain a user name or password",
  ],
  [
    "a picture with a password",
    { skus: [size("41"), size("42", { imageUrl: "https://:secret@a.test/x.jpg" })] },
    "skus.1.imageUrl: must not contain a user name or password",
  ],
  [
    "a title with a character that ends texts",
    { title: "Drop\u0000" },
    "title: must not contain control characters",
  ],
  [
    "an option with a character that nobody sees",
    { skus: [size("41"), size("42", { option: "42\u0085" })] },
    "skus.1.option: must not contain control characters",
  ],
  [
    "a description that is not text",
    { description: "Two\nlines, one\ttab\u0007" },
    "description: must not contain control characters",
  ],
])("refuses %s, and says where", (_, document, issue) => {
  expect(issuesOf(sale(document))).toContain(issue);
});

test("texts in any language, Markdown of several lines, and addresses with any path are accepted", () => {
  const texts = { title: "👟 春 «ربيع»", description: "One\r\n\n- two\tthree" };
  const links = [{ label: "Terms", url: "https://a.test/~user:x@b?mail=a@b.test#é" }];
  expect(issuesOf(sale({ ...texts, theme: { links } }))).toEqual([]);
});

test("a stored sale that is refused today can still be read", () => {
  const links = [{ label: "Terms", url: "https://user@a.test/" }];
  const stored = { ...parsed(sale({})), title: "Two\u0007", theme: { links } };
  expect(saleSchema.safeParse(stored).success).toBe(true);
});

test("an order's item has the option, and the most specific picture", () => {
  const picture = (name: string) => `https://a.test/${name}.jpg`;
  const products = [{ ...RUNNER, imageUrl: picture("runner") }];
  const skus = [size("41", { imageUrl: picture("41") }), size("42")];
  const mug = { id: "mug", name: "Mug", unitPrice: price(900), stock: 3 };
  const full = parsed(sale({ products, skus: [...skus, mug], imageUrl: picture("sale") }));
  const items = full.skus.map((sku) => itemOf(full, sku, {}));
  expect(items).toEqual([
    { name: "Runner 41", option: "41", imageUrl: picture("41"), saleTitle: "Drop" },
    { name: "Runner 42", option: "42", imageUrl: picture("runner"), saleTitle: "Drop" },
    { name: "Mug", imageUrl: picture("sale"), saleTitle: "Drop" },
  ]);
});

test("shows each SKU in exactly one card, and the SKUs of a product in one, in the sale's order", () => {
  const owners = fc.array(fc.constantFrom("a", "b", undefined), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(owners, (products) => {
      const used = [...new Set(products)].filter((id) => id !== undefined);
      const skus = products.map((product, n) =>
        product === undefined
          ? { id: `s-${n}`, name: "One", unitPrice: price(900), stock: 1 }
          : size(String(n), { product }),
      );
      const full = parsed(
        sale({ skus, products: used.length ? used.map((id) => ({ id, name: id })) : undefined }),
      );
      const cards = cardsOf(full);
      expect(cards.flatMap((card) => card.skus).sort(byPlace(full))).toEqual(full.skus);
      expect(cards).toHaveLength(used.length + products.filter((id) => id === undefined).length);
      for (const { product, skus: own } of cards) {
        expect(own.every((sku) => sku.product === product?.id)).toBe(true);
        expect(own).toEqual(own.toSorted(byPlace(full)));
      }
      expect(cards).toEqual(cards.toSorted((x, y) => byPlace(full)(x.skus[0], y.skus[0])));
    }),
  );
});

const byPlace =
  ({ skus }: Sale) =>
  (a: Sale["skus"][number] | undefined, b: Sale["skus"][number] | undefined): number =>
    skus.indexOf(a as Sale["skus"][number]) - skus.indexOf(b as Sale["skus"][number]);

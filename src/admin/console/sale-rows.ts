// The products and SKUs of a sale as rows of a form: `skus.0.name` is the name of the first SKU. Pure.
import type { Sale, Sku } from "../../catalog/schema.ts";
import { fromDecimal, toDecimal } from "../../values/money.ts";
import {
  type Json,
  type Kind,
  parse,
  setAt,
  show,
  type Texts,
  toSent,
  valueAt,
} from "./form-texts.ts";

/** The fields of one product or SKU. Those of a price follow from each other, so they are texts. */
export const ROW_FIELDS = {
  products: {
    id: "text",
    name: "text",
    description: "lines",
    imageUrl: "text",
    imageAlt: "text",
    moreImages: "pictures",
  },
  skus: {
    id: "text",
    name: "text",
    product: "text",
    option: "text",
    "unitPrice.amount": "text",
    "unitPrice.currency": "text",
    "compareAtPrice.amount": "text",
    stock: "number",
    perUserLimit: "number",
    holdSeconds: "number",
    lanes: "number",
    imageUrl: "text",
    imageAlt: "text",
  },
} as const satisfies Record<string, Record<string, Kind>>;

export type List = keyof typeof ROW_FIELDS;

/** The name of a field in a row. */
export type RowField =
  | `products.${number}.${keyof (typeof ROW_FIELDS)["products"]}`
  | `skus.${number}.${keyof (typeof ROW_FIELDS)["skus"]}`;

const fieldsOf = (list: List): [name: string, kind: Kind][] => Object.entries(ROW_FIELDS[list]);

/** The rows that show a sale, or those of a blank form. */
export const rowsOfSale = (sale: Sale | undefined): Texts => ({
  ...withRows("products", (sale?.products ?? []).map(productTexts)),
  ...withRows("skus", sale ? sale.skus.map(skuTexts) : [BLANK_SKU]),
});

const productTexts = (product: object): Texts => textsIn("products", product);

const skuTexts = (sku: Sku): Texts => ({
  ...textsIn("skus", sku),
  "unitPrice.amount": toDecimal(sku.unitPrice),
  "compareAtPrice.amount": sku.compareAtPrice ? toDecimal(sku.compareAtPrice) : "",
});

const textsIn = (list: List, entry: object): Texts =>
  Object.fromEntries(
    fieldsOf(list).map(([name, kind]) => [name, show(kind, valueAt(entry, name))]),
  );

const BLANK_SKU: Texts = { perUserLimit: "1", holdSeconds: "300", "unitPrice.currency": "USD" };

const withRows = (list: List, rows: readonly Texts[]): Texts =>
  Object.fromEntries(
    rows.flatMap((row, at) =>
      fieldsOf(list).map(([name]) => [`${list}.${at}.${name}`, row[name] ?? ""]),
    ),
  );

/** The texts of each entry of a list, in the order of their numbers, which may have gaps. */
export function rowsOf(texts: Texts, list: List): Texts[] {
  const numbered = new RegExp(`^${list}\\.(\\d+)\\.`);
  const numbers = Object.keys(texts).flatMap((name) => numbered.exec(name)?.[1] ?? []);
  const ordered = [...new Set(numbers)].sort((a, b) => Number(a) - Number(b));
  return ordered.map((at) =>
    Object.fromEntries(
      fieldsOf(list).map(([name]) => [name, texts[`${list}.${at}.${name}`] ?? ""]),
    ),
  );
}

/** The texts with other entries of a list, numbered without gaps. */
export function replaceRows(texts: Texts, list: List, rows: readonly Texts[]): Texts {
  const others = Object.entries(texts).filter(([name]) => !name.startsWith(`${list}.`));
  return { ...Object.fromEntries(others), ...withRows(list, rows) };
}

/** The texts with one more entry. A SKU is like the last one, but without what is its own. */
export function addRow(texts: Texts, list: List): Texts {
  const rows = rowsOf(texts, list);
  const last = list === "skus" ? (rows.at(-1) ?? BLANK_SKU) : {};
  return replaceRows(texts, list, [...rows, { ...last, id: "", name: "", option: "" }]);
}

/** The products that a form describes. Absent without any, unless the stored sale has an empty list. */
export function productsOf(texts: Texts, base: Sale | undefined): unknown {
  const rows = rowsOf(texts, "products");
  if (rows.length === 0) return base?.products?.length === 0 ? [] : undefined;
  return rows.map((row) => {
    const stored = base?.products?.find(({ id }) => id === row.id);
    return entryOf("products", row, stored, stored && productTexts(stored));
  });
}

/** The SKUs that a form describes. */
export const skusOf = (texts: Texts, base: Sale | undefined): unknown =>
  rowsOf(texts, "skus").map((row) => {
    const stored = base?.skus.find(({ id }) => id === row.id);
    const shown = stored && skuTexts(stored);
    const sku = entryOf("skus", row, stored, shown);
    const isSame = (name: string) => shown && row[name] === shown[name];
    if (isSame("unitPrice.amount") && isSame("unitPrice.currency")) {
      sku.unitPrice = stored?.unitPrice;
    } else sku.unitPrice = priceOf(row, "unitPrice.amount");
    if (row["compareAtPrice.amount"]?.trim()) {
      sku.compareAtPrice = priceOf(row, "compareAtPrice.amount");
    } else delete sku.compareAtPrice;
    return sku;
  });

/** A price in the row's currency. A text that is no price stays one, and the schema refuses it. */
function priceOf(row: Texts, name: string): Json {
  const currency = parse("text", row["unitPrice.currency"] ?? "");
  const text = row[name] ?? "";
  if (text.trim() === "") return { currency };
  return { amount: fromDecimal(text, String(currency)) ?? text, currency };
}

/** An entry with the values of the texts that differ from those `shown` of the stored one. Prices are left out. */
function entryOf(list: List, row: Texts, stored: object | undefined, shown: Texts = {}): Json {
  const entry = structuredClone(stored ?? {}) as Json;
  for (const [name, kind] of fieldsOf(list)) {
    if (name.includes(".")) continue;
    const text = toSent(kind, row[name] ?? "");
    if (stored && text === toSent(kind, shown[name] ?? "")) continue;
    setAt(entry, name, name === "id" || name === "name" ? text : parse(kind, text));
  }
  return entry;
}

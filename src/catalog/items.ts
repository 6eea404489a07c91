// The items of a sale: SKUs, and products, whose SKUs are options of one thing. Their schemas, and the rules between them.
import * as z from "zod";
import { MAX_UNITS } from "../inventory/decide-stock.ts";
import { MAX_LANES } from "../inventory/order-id.ts";
import { altSchema, type Fault, httpsUrlSchema, idSchema } from "../values/fields.ts";
import { moneySchema } from "../values/money.ts";

export const MAX_PER_USER = 100;
const MAX_HOLD_SECONDS = 24 * 3600;
const MAX_OPTION_LENGTH = 60;
const MAX_MORE_IMAGES = 9;
/** The most SKUs of a sale, and so the most products. */
export const MAX_SKUS = 50;

const nameSchema = z.string().trim().min(1).max(200);

export const productSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  /** Markdown, as in the sale's description. */
  description: z.string().max(5_000).optional(),
  imageUrl: httpsUrlSchema.optional(),
  imageAlt: altSchema.optional(),
  /** Pictures that follow `imageUrl` in the gallery. */
  moreImages: z
    .array(z.strictObject({ url: httpsUrlSchema, alt: altSchema.optional() }))
    .max(MAX_MORE_IMAGES)
    .optional(),
});

export const skuSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  /** The id of the product of which this SKU is an option. */
  product: idSchema.optional(),
  /** What tells the SKU from the others of its product, such as its size. */
  option: z.string().trim().min(1).max(MAX_OPTION_LENGTH).optional(),
  imageUrl: httpsUrlSchema.optional(),
  imageAlt: altSchema.optional(),
  unitPrice: moneySchema,
  /** An earlier or recommended price, shown struck through. */
  compareAtPrice: moneySchema.optional(),
  /** Units put on sale in total. A restock adds to it. The ledger has the units that are left. */
  stock: z.int().min(0).max(MAX_UNITS),
  perUserLimit: z.int().min(1).max(MAX_PER_USER).default(1),
  holdSeconds: z.int().min(1).max(MAX_HOLD_SECONDS).default(300),
  /** Objects that share the SKU, for more orders per second than one takes. Absent: 1. */
  lanes: z.int().min(1).max(MAX_LANES).optional(),
});

export type Product = z.output<typeof productSchema>;
export type Sku = z.output<typeof skuSchema>;

interface Items {
  products?: readonly Product[] | undefined;
  skus: readonly Sku[];
}

/** The faults in how the products and SKUs of a sale fit together. */
export function itemFaults({ products = [], skus }: Items): Fault[] {
  return [
    ...repeated(products, "products", "every product needs a different id"),
    ...repeated(skus, "skus", "every SKU needs a different id"),
    ...products.flatMap(({ id }, at) =>
      skus.some(({ product }) => product === id)
        ? []
        : [{ path: ["products", at, "id"], message: "has no SKU" }],
    ),
    ...skus.flatMap((sku, at) =>
      skuFaults(sku, at, { products, skus }).map(([field, message]) => ({
        path: ["skus", at, ...field.split(".")],
        message,
      })),
    ),
  ];
}

const repeated = (items: readonly { id: string }[], path: string, message: string): Fault[] =>
  new Set(items.map(({ id }) => id)).size === items.length ? [] : [{ path: [path], message }];

type SkuFault = [field: string, message: string];

function skuFaults(sku: Sku, at: number, items: Items): SkuFault[] {
  const { product, option, unitPrice, compareAtPrice } = sku;
  const faults: SkuFault[] = sku.product === undefined ? [] : optionFaults(sku, at, items);
  if (product === undefined && option !== undefined) faults.push(["option", "needs a product"]);
  if (compareAtPrice && compareAtPrice.currency !== unitPrice.currency)
    faults.push(["compareAtPrice.currency", "must be the currency of unitPrice"]);
  else if (compareAtPrice && compareAtPrice.amount <= unitPrice.amount)
    faults.push(["compareAtPrice", "must be higher than unitPrice"]);
  return faults;
}

/** The faults of a SKU as an option of its product. */
function optionFaults(sku: Sku, at: number, { products = [], skus }: Items): SkuFault[] {
  const { product, option, unitPrice } = sku;
  const others = skus.filter((other, n) => n !== at && other.product === product);
  const earlier = skus.slice(0, at).filter((other) => other.product === product);
  const faults: SkuFault[] = [];
  if (!products.some(({ id }) => id === product))
    faults.push(["product", "is not the id of one of the sale's products"]);
  if (option === undefined && others.length > 0)
    faults.push(["option", "is required, because the product has several SKUs"]);
  if (option !== undefined && earlier.some((other) => isSameOption(option, other.option)))
    faults.push(["option", "is already an option of this product"]);
  // One picker shows one range of prices.
  const currency = earlier[0]?.unitPrice.currency ?? unitPrice.currency;
  if (unitPrice.currency !== currency)
    faults.push(["unitPrice.currency", "must be the currency of the product's other SKUs"]);
  return faults;
}

/** Whether buyers could not tell two options apart: case and Unicode composition do not count. */
const isSameOption = (a: string, b: string | undefined): boolean =>
  b !== undefined && comparable(a) === comparable(b);

const comparable = (option: string): string => option.normalize("NFKC").toLowerCase();

/** A card of the sale page: a product with its SKUs, or a SKU of its own. */
export type Card = { product: Product; skus: Sku[] } | { product?: undefined; skus: [Sku] };

/** The cards of a sale, in the order of their first SKUs. */
export function cardsOf({ products = [], skus }: Items): Card[] {
  const cards = new Map<string, Card>();
  for (const sku of skus) {
    const product = products.find(({ id }) => id === sku.product);
    const known = product && cards.get(`product/${product.id}`);
    if (known) known.skus.push(sku);
    else if (product) cards.set(`product/${product.id}`, { product, skus: [sku] });
    else cards.set(`sku/${sku.id}`, { skus: [sku] });
  }
  return [...cards.values()];
}

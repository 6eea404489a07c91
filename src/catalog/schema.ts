// What a sale is: the schema that validates the operator's documents and the types everything shares.
import * as z from "zod";
import { MAX_UNITS } from "../inventory/decide-stock.ts";
import { moneySchema } from "../money.ts";
import { protectionSchema } from "./protection.ts";
import { type SaleState, stateAt } from "./sale-state.ts";

/** Ids of sales and SKUs: part of URLs, key names and order ids. */
export const idSchema = z.string().regex(/^[a-z0-9-]{1,64}$/, "use 1 to 64 of a-z, 0-9 and -");

const MAX_PER_USER = 100;
const MAX_HOLD_SECONDS = 24 * 3600;
const MAX_SKUS = 50;

/** ISO 8601 has four digits for a year; and nothing was sold before 1970. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/** An instant, kept in UTC: an offset can move it across the end of a year. */
const instantSchema = z.iso.datetime({ offset: true }).transform((text, ctx) => {
  const at = new Date(text);
  const year = at.getUTCFullYear();
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return at.toISOString();
  const message = Number.isNaN(year)
    ? "is not a date of the calendar"
    : `must be in the years ${FIRST_YEAR} to ${LAST_YEAR}, in UTC`;
  ctx.addIssue({ code: "custom", message });
  return z.NEVER;
});

const skuSchema = z.strictObject({
  id: idSchema,
  name: z.string().trim().min(1).max(200),
  unitPrice: moneySchema,
  /** Units put on sale in total. A restock adds to it; the ledger knows what is left. */
  stock: z.int().min(0).max(MAX_UNITS),
  perUserLimit: z.int().min(1).max(MAX_PER_USER).default(1),
  holdSeconds: z.int().min(1).max(MAX_HOLD_SECONDS).default(300),
});

const httpsUrlSchema = z.url({ protocol: /^https$/ }).max(2_000);

/** How a shop makes the sale page its own. Readable text colours follow from the accent. */
const themeSchema = z.strictObject({
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, "use a colour such as #1d3fbf")
    .optional(),
  logoUrl: httpsUrlSchema.optional(),
  /** What a screen reader says for the logo: the shop's name. */
  logoAlt: z.string().max(200).optional(),
  /** What a screen reader says for the sale's image. */
  imageAlt: z.string().max(300).optional(),
  /** Who sells: shown in the footer and where the buyer pays. */
  seller: z.string().trim().min(1).max(100).optional(),
  /** Terms, privacy, contact: shown in the same places. */
  links: z
    .array(z.strictObject({ label: z.string().trim().min(1).max(40), url: httpsUrlSchema }))
    .max(6)
    .optional(),
});

/** The language of a sale's own texts, as BCP 47 writes it: `de`, `pt-BR`. */
const languageSchema = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "use a language tag such as de or pt-BR");

export const saleSchema = z
  .strictObject({
    id: idSchema,
    title: z.string().trim().min(1).max(200),
    description: z.string().max(10_000).default(""),
    language: languageSchema.optional(),
    imageUrl: httpsUrlSchema.optional(),
    theme: themeSchema.optional(),
    opensAt: instantSchema,
    closesAt: instantSchema,
    protection: protectionSchema.optional(),
    admission: z.strictObject({ mode: z.literal("open") }).default({ mode: "open" }),
    skus: z.array(skuSchema).min(1).max(MAX_SKUS),
  })
  .refine((sale) => sale.opensAt < sale.closesAt, {
    path: ["closesAt"],
    message: "must be after opensAt",
  })
  .refine((sale) => new Set(sale.skus.map((sku) => sku.id)).size === sale.skus.length, {
    path: ["skus"],
    message: "every SKU needs an id of its own",
  });

export type Sku = z.output<typeof skuSchema>;
/** A sale as operators write and read it. */
export type Sale = z.output<typeof saleSchema>;

/** A sale as everybody may see it: how it protects itself is nobody else's business. */
export const publicSale = ({ protection: _, ...sale }: Sale): Omit<Sale, "protection"> => sale;

/** What answers say beside the document: ignored when it comes back. */
export interface SaleView extends Omit<Sale, "skus"> {
  skus: (Sku & { stocked: number })[];
  /** Where buyers find it. */
  url: string;
}

function withoutView(document: unknown): unknown {
  if (!isRecord(document)) return document;
  const { url: _url, warnings: _warnings, skus, ...sale } = document;
  if (!Array.isArray(skus)) return { ...sale, ...("skus" in document ? { skus } : {}) };
  return { ...sale, skus: skus.map(withoutStocked) };
}

function withoutStocked(sku: unknown): unknown {
  if (!isRecord(sku)) return sku;
  const { stocked: _, ...rest } = sku;
  return rest;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * What an operator sends: a sale, also as it was answered. Every copy is read with the schema, so what is
 * kept must pass it as well.
 */
export const saleDocumentSchema = z
  .preprocess(withoutView, saleSchema)
  .pipe(saleSchema as z.ZodType<Sale, Sale>);

/** A sale with the revision that orders its versions: milliseconds of the change, always rising. */
export interface CatalogEntry {
  revision: number;
  sale: Sale;
}

/** Whether a sale sells now. */
export const saleState = (sale: Pick<Sale, "opensAt" | "closesAt">, now: number): SaleState =>
  stateAt(now, Date.parse(sale.opensAt), Date.parse(sale.closesAt));

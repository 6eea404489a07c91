// The schema of a sale, which validates the operator's documents, and the types that follow from it.
import * as z from "zod";
import { admissionSchema, registrationFault } from "../admission/settings.ts";
import { brandingSchema } from "../config/branding.ts";
import type { LanedSku } from "../inventory/order-id.ts";
import { httpsUrlSchema, idSchema, textFaults } from "../values/fields.ts";
import { instantSchema } from "../values/instant.ts";
import { itemFaults, MAX_PER_USER, MAX_SKUS, productSchema, type Sku, skuSchema } from "./items.ts";
import { protectionSchema } from "./protection.ts";
import { rehearsalFaults } from "./rehearsal-terms.ts";
import { type SaleState, stateAt } from "./sale-state.ts";

/** The language of a sale's texts as a BCP 47 tag, such as `de` or `pt-BR`. */
const languageSchema = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "use a language tag such as de or pt-BR");

export const saleSchema = z
  .strictObject({
    id: idSchema,
    title: z.string().trim().min(1).max(200),
    /** `false`: no list and no search engine names it. It is reachable and sold by its address. */
    listed: z.boolean().optional(),
    /** Only synthetic people can buy, and the sale removes itself after its end. A sale is made as one, or never becomes one. */
    rehearsal: z.literal(true).optional(),
    description: z.string().max(10_000).default(""),
    language: languageSchema.optional(),
    imageUrl: httpsUrlSchema.optional(),
    theme: brandingSchema.optional(),
    opensAt: instantSchema,
    closesAt: instantSchema,
    protection: protectionSchema.optional(),
    admission: admissionSchema,
    /** Units of all SKUs together that one person may have. Absent: only the limits of the SKUs count. */
    perUserLimit: z.int().min(1).max(MAX_PER_USER).optional(),
    products: z.array(productSchema).max(MAX_SKUS).optional(),
    skus: z.array(skuSchema).min(1).max(MAX_SKUS),
  })
  .refine((sale) => sale.opensAt < sale.closesAt, {
    path: ["closesAt"],
    message: "must be after opensAt",
  })
  .superRefine((sale, ctx) => {
    for (const fault of [...itemFaults(sale), ...rehearsalFaults(sale)]) {
      ctx.addIssue({ code: "custom", ...fault });
    }
    const fault = registrationFault(sale);
    if (!fault) return;
    const { field, message } = fault;
    ctx.addIssue({ code: "custom", path: ["admission", field], message });
  });

export { idSchema } from "../values/fields.ts";
export type { Sku } from "./items.ts";

/** The most units of a SKU that one person can have, by its own limit and that of the sale. */
export const mostUnits = (
  { perUserLimit: ofSale }: Pick<Sale, "perUserLimit">,
  { perUserLimit }: Pick<Sku, "perUserLimit">,
): number => Math.min(perUserLimit, ofSale ?? perUserLimit);

/** A sale as operators write and read it. */
export type Sale = z.output<typeof saleSchema>;

/** Whether lists for everybody name a sale. */
export const isListed = ({ listed }: Pick<Sale, "listed">): boolean => listed !== false;

/** The public part of a sale. Its protection settings would help attackers. */
export const publicSale = ({ protection: _, ...sale }: Sale): Omit<Sale, "protection"> => sale;

/** A sale as the admin API returns it. The fields beyond the document are ignored in requests. */
export interface SaleView extends Omit<Sale, "skus"> {
  skus: (Sku & { stocked: number })[];
  /** The sale page. */
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
 * Parses a sale that an operator sends, which may be a `SaleView`. The result is validated once more, because
 * transformations may change it, and every stored copy has to match the schema when it is read.
 */
export const saleDocumentSchema = z
  .preprocess(withoutView, saleSchema)
  .pipe(saleSchema as z.ZodType<Sale, Sale>)
  .superRefine((sale, ctx) => {
    for (const fault of textFaults(sale)) ctx.addIssue({ code: "custom", ...fault });
  });

/** A sale with its revision: the time of the change in milliseconds, made strictly increasing. */
export interface CatalogEntry {
  revision: number;
  sale: Sale;
  /** SKU id → the numbers of lanes that it had before. Absent if none changed. */
  layouts?: Record<string, { former: readonly number[] }> | undefined;
}

/** A SKU of a sale with all objects that it ever had. */
export const lanedSku = (
  { layouts }: Pick<CatalogEntry, "layouts">,
  { id, lanes }: Pick<Sku, "id" | "lanes">,
): LanedSku => ({ id, lanes, former: layouts?.[id]?.former });

/** The state of a sale at `now`, in milliseconds. */
export const saleState = (sale: Pick<Sale, "opensAt" | "closesAt">, now: number): SaleState =>
  stateAt(now, Date.parse(sale.opensAt), Date.parse(sale.closesAt));

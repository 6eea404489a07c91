// Schemas of single values that sales, products and SKUs share.
import * as z from "zod";

/** Ids of sales, products and SKUs. They are parts of URLs, of names of keys, and of order ids. */
export const idSchema = z.string().regex(/^[a-z0-9-]{1,64}$/, "use 1 to 64 of a-z, 0-9 and -");

export const httpsUrlSchema = z.url({ protocol: /^https$/ }).max(2_000);

/** Alternative text of a picture, for people who do not see it. */
export const altSchema = z.string().max(300);

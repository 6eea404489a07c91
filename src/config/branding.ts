// How a shop brands the pages for buyers: for the whole deployment, and field by field for a sale.
import * as z from "zod";
import { altSchema, httpsUrlSchema, textFaults } from "../values/fields.ts";

/** Where a link of the seller leads: a page, or a mail to write. */
const linkUrlSchema = z
  .url({ protocol: /^(https|mailto)$/, error: "use a complete https:// or mailto: address" })
  .max(2_000);

/** Readable text colors are derived from the accent. */
export const brandingSchema = z.strictObject({
  /** The name at the top of each page. Without one, the seller's. */
  name: z.string().trim().min(1).max(60).optional(),
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, "use a color such as #1d3fbf")
    .optional(),
  logoUrl: httpsUrlSchema.optional(),
  /** Alternative text of the logo: the shop's name. */
  logoAlt: z.string().max(200).optional(),
  /** Alternative text of the sale's image. */
  imageAlt: altSchema.optional(),
  /** The seller's name, shown in the footer and at payment. */
  seller: z.string().trim().min(1).max(100).optional(),
  /** Links such as terms, privacy, and contact, shown in the same places. */
  links: z
    .array(z.strictObject({ label: z.string().trim().min(1).max(40), url: linkUrlSchema }))
    .max(6)
    .optional(),
});

/** The branding of a deployment, which has no picture of its own. */
export const siteBrandingSchema = brandingSchema
  .omit({ imageAlt: true })
  .superRefine((branding, ctx) => {
    for (const fault of textFaults(branding)) ctx.addIssue({ code: "custom", ...fault });
  });

export type Branding = z.output<typeof brandingSchema>;

/** A sale's branding over that of the deployment. A logo and its text belong together. */
export function mergeBranding(site: Branding, own: Branding = {}): Branding {
  const { logoAlt: _, ...rest } = site;
  return { ...(own.logoUrl === undefined ? site : rest), ...own };
}

// The answers about sales: the catalog, the live stock, and the line.
import * as z from "zod";
import type { PreviewLink } from "../../admin/preview-links.ts";
import type { RehearsalGrant } from "../../admin/rehearsal-grants.ts";
import type { DrawDocument } from "../../admission/draw.ts";
import { publicLineSchema } from "../../admission/public-line.ts";
import { skuSchema } from "../../catalog/items.ts";
import type { LiveAnswer } from "../../catalog/live.ts";
import type { publicSale, SaleView } from "../../catalog/schema.ts";
import { saleSchema } from "../../catalog/schema.ts";
import { money, nextCursor, saleId, skuId, time } from "./common.ts";

const { protection, ...publicFields } = saleSchema.shape;

export const sale = z.strictObject(publicFields).meta({
  id: "Sale",
  description: "A sale as everyone sees it: without its protection settings.",
}) satisfies z.ZodType<ReturnType<typeof publicSale>>;

export const saleList = z.strictObject({ sales: z.array(sale), nextCursor }).meta({
  id: "SaleList",
  description: "Open sales, then upcoming ones, then those that have closed.",
});

const skuView = skuSchema
  .extend({ stocked: z.int().min(0).describe("The units on sale according to the ledger.") })
  .meta({ id: "SkuView" });

const issue = z
  .strictObject({
    path: z
      .string()
      .describe("The JSON path, such as `skus.0.stock`, or the name of a header or parameter."),
    message: z.string(),
  })
  .meta({ id: "Issue", description: "An invalid value: where it is, and what is expected there." });

export { issue };

export const saleView = z
  .strictObject({
    ...publicFields,
    protection,
    skus: z.array(skuView),
    url: z.url().describe("The sale page."),
    warnings: z
      .array(issue)
      .exactOptional()
      .describe("Effects of a change that may be unexpected."),
  })
  .meta({
    id: "SaleView",
    description:
      "A sale as operators see it. It can be sent back as it is: fields beyond the document are ignored.",
  }) satisfies z.ZodType<SaleView>;

export const previewLink = z
  .strictObject({ url: z.url(), expiresAt: time })
  .meta({ id: "PreviewLink" }) satisfies z.ZodType<PreviewLink>;

export const rehearsalGrant = z
  .strictObject({ grant: z.string(), expiresAt: time })
  .meta({ id: "RehearsalGrant" }) satisfies z.ZodType<RehearsalGrant>;

export const saleViewList = z
  .strictObject({ sales: z.array(saleView), nextCursor })
  .meta({ id: "SaleViewList" });

export const line = z.strictObject(publicLineSchema.shape).meta({
  id: "Line",
  description: "The line as everyone sees it. Each client compares it with its own place.",
});

export const stopCause = z
  .enum(["closed", "sale", "orders", "payments"])
  .describe(
    "The switch: the item was closed, the sale is paused, or no orders or no payments are taken.",
  );

const stop = z
  .strictObject({
    code: z
      .enum(["sale_closed", "sale_paused", "unavailable"])
      .describe("How an order is refused."),
    cause: stopCause,
    notice: z.string().exactOptional().describe("The operator's own words for buyers."),
    label: z.string().describe("The words of the Buy button, in English."),
    why: z.string().describe("A sentence or two for buyers, in English."),
  })
  .meta({ id: "Stop" });

const liveSku = z
  .strictObject({
    id: skuId,
    available: z.int().min(0),
    held: z.int().min(0).describe("Units of orders that are reserved and not confirmed."),
    state: z
      .enum(["available", "low", "held", "sold_out"])
      .describe(
        "`held`: no unit is free, but some may come back, because their buyers have not paid yet.",
      ),
    unitPrice: money,
  })
  .meta({ id: "LiveSku" });

export const live = z
  .strictObject({
    asOf: time.describe("When the stock was read."),
    state: z.enum(["upcoming", "open", "closed"]),
    opensAt: time,
    closesAt: time,
    revision: z
      .number()
      .describe(
        "Changes with the sale: another revision than the shown one is a reason to load it again.",
      ),
    skus: z
      .array(liveSku)
      .describe(
        "Some SKUs may be missing for moments, and all while the live stock is switched off.",
      ),
    stopped: z
      .record(z.string(), stop)
      .exactOptional()
      .describe("SKU id → why it takes no orders now. Absent if all take orders."),
    line: line
      .exactOptional()
      .describe("Absent if the sale has no line, or the line is not known now."),
    notice: z
      .string()
      .nullable()
      .exactOptional()
      .describe("An operator's words for people who wait."),
  })
  .meta({
    id: "Live",
    description: "The state of a sale: one answer a second, the same for everyone.",
  }) satisfies z.ZodType<LiveAnswer>;

const chain = z
  .strictObject({
    hash: z.string(),
    publicKey: z.string(),
    genesisTime: z.int(),
    period: z.int(),
  })
  .meta({ id: "BeaconChain", description: "A drand chain. Times are seconds, keys hexadecimal." });

const commitment = {
  saleId,
  mode: z.enum(["queue", "draw"]),
  commitment: z.string().describe("SHA-256 of the bytes of the seed, in hexadecimal."),
  round: z.int().describe("The round of the beacon whose randomness decides the places."),
  chain,
  registrationClosesAt: time,
};

const committed = z
  .strictObject({ ...commitment, revealed: z.literal(false) })
  .meta({ id: "DrawCommitment", description: "What is published before registration opens." });
const revealed = z
  .strictObject({
    ...commitment,
    revealed: z.literal(true),
    seed: z.string(),
    randomness: z.string().describe("SHA-256 of the signature."),
    signature: z.string().describe("The BLS signature of the round."),
    history: z
      .array(z.tuple([z.number(), z.number()]))
      .describe("The positions of the frontier: since when (milliseconds), and the place."),
    historyHash: z.string().describe("The last link of the chain over the history."),
  })
  .meta({ id: "RevealedDraw", description: "What is published as soon as the beacon is known." });

export const draw = z.discriminatedUnion("revealed", [committed, revealed]).meta({
  id: "Draw",
}) satisfies z.ZodType<DrawDocument>;

const nullable = (schema: z.ZodType, description: string) =>
  schema.nullable().describe(description);

export const ticket = z
  .strictObject({
    ticket: z.string().describe("Send it with the order. The same answer sets it as a cookie."),
    userId: z.string().describe("With it, anyone can check their place in a draw."),
    place: nullable(z.number(), "Null until the places are drawn."),
    registered: nullable(z.number(), "People with a ticket: an estimate above 4,096."),
    state: z.enum(["waiting", "admitted", "over"]),
    ahead: nullable(z.number(), "People who are admitted before."),
    etaSeconds: z
      .tuple([z.number(), z.number()])
      .nullable()
      .describe("The least and the most seconds until admission. Null if nobody can tell."),
  })
  .meta({ id: "Ticket", description: "A place in a sale's line, and what it means now." });

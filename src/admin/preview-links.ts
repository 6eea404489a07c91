// The operator's links to the preview of a sale, for people without a sign-in. The log of changes has who made one, never the link.
import type { Context } from "hono";
import * as z from "zod";
import { idSchema } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import { problem, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { previewPath, signPreview } from "../pages/preview-link.ts";
import { recorded } from "./log.ts";

const MAX_BYTES = 1_024;
const DAY_SECONDS = 86_400;

/** How long a link works. */
export const lifeSchema = z
  .int()
  .min(60)
  .max(30 * DAY_SECONDS);

export const previewLinkSchema = z.strictObject({ validSeconds: lifeSchema.default(DAY_SECONDS) });

/** A link and when it expires: ISO 8601. */
export interface PreviewLink {
  url: string;
  expiresAt: string;
}

export async function makePreviewLink(
  c: Context<AppEnv, "/sales/:saleId/preview-links">,
): Promise<Response> {
  const body = await readJson(c, previewLinkSchema, MAX_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return applyPreviewLink(c, c.req.param("saleId"), body.value.validSeconds);
}

/** Makes a link that is good for this long from now on. Answers with a `PreviewLink`. */
export async function applyPreviewLink(
  c: AppContext,
  saleId: string,
  validSeconds: number,
): Promise<Response> {
  const id = idSchema.safeParse(saleId);
  if (!id.success) return problem(c, refuse("not_found"));
  using shown = await registryOf(c.env).show(id.data);
  if (!shown?.registered.sale) return problem(c, refuse("not_found"));
  const { SIGNING_SECRET, PUBLIC_ORIGIN } = c.get("config");
  const until = Math.floor(Date.now() / 1_000) + validSeconds;
  const expiresAt = new Date(until * 1_000).toISOString();
  const intent = { action: "preview.linked", target: `sale/${id.data}` } as const;
  return recorded(c, { ...intent, asks: { expiresAt } }, async () => {
    const path = previewPath(id.data, signPreview(SIGNING_SECRET, id.data, until));
    const url = (PUBLIC_ORIGIN ?? new URL(c.req.url).origin) + path;
    return c.json({ url, expiresAt } satisfies PreviewLink, 201);
  });
}

// The preview of a sale: its real page in any state, from which nothing can be bought. The console shows it beside the form of a
// draft, and a signed link to people without a sign-in. It reads the catalog and nothing else.
import { type Context, Hono } from "hono";
import { findSale } from "../catalog/archive.ts";
import type { Sale } from "../catalog/schema.ts";
import type { Config } from "../config/config.ts";
import { refuse } from "../http/errors.ts";
import { completeHeaders } from "../http/headers.ts";
import type { AppEnv } from "../http/request.ts";
import { errorPage } from "./error-pages.ts";
import { addressOf, askedLanguage, saleLanguage, sharedPage } from "./page.ts";
import { previewPath, readPreview } from "./preview-link.ts";
import {
  PREVIEW_STATES,
  type PreviewInfo,
  type Staged,
  stage,
  stageNow,
  statesOf,
} from "./preview-state.ts";
import { settingsOf } from "./settings.ts";
import { renderSale } from "./views/sale.tsx";

const PATH = "/sales/:saleId/preview";

export const previewRoutes = new Hono<AppEnv>().get(PATH, show);

async function show(c: Context<AppEnv, typeof PATH>): Promise<Response> {
  const config = c.get("config");
  const { token = "", state } = c.req.query();
  const saleId = c.req.param("saleId");
  // A forged link costs no I/O.
  const until = readPreview(config.SIGNING_SECRET, saleId, token, Date.now());
  const entry = until === undefined ? undefined : await findSale(c.get("scope"), saleId);
  if (until === undefined || !entry) return notFound(c);
  const { sale } = entry;
  const path = previewPath(saleId, token);
  const shown = PREVIEW_STATES.find((each) => each === state);
  const staged = shown ? stage(sale, shown) : stageNow(Date.now());
  const page = sharedPage(config, path, saleLanguage(config.LANGUAGE, sale), askedLanguage(c));
  const states = statesOf(sale).map((each) => ({
    ...{ state: each, isShown: each === shown },
    href: addressOf(page, `${path}&state=${each}`),
  }));
  return previewResponse(config, sale, staged, {
    ...{ path: shown ? `${path}&state=${shown}` : path, asked: askedLanguage(c) },
    info: { until: new Date(until).toISOString(), states },
  });
}

/** The address has the token, so that not even this page may pass it on. */
async function notFound(c: Context<AppEnv, typeof PATH>): Promise<Response> {
  const answer = await errorPage(c, refuse("not_found"));
  answer.headers.set("Referrer-Policy", "no-referrer");
  return answer;
}

interface Shown {
  /** The address of the preview, which its links to other languages have. Absent for a draft. */
  path?: string;
  asked?: string | undefined;
  info?: PreviewInfo;
}

/** Headers of all previews. The policy runs no script and sends no form, in a tab of its own as well. */
export const previewHeaders = (contentType: string): Headers =>
  completeHeaders(
    {
      "Cache-Control": "private, no-store",
      "Content-Type": contentType,
      "Referrer-Policy": "no-referrer",
      "X-Robots-Tag": "noindex",
    },
    { isPreview: true },
  );

/** The page of a sale as a preview. */
export async function previewResponse(
  config: Config,
  sale: Sale,
  { now, ...notForSale }: Staged,
  { path, asked, info = {} }: Shown = {},
): Promise<Response> {
  const language = saleLanguage(config.LANGUAGE, sale);
  const page = sharedPage(config, path ?? `/sales/${sale.id}`, language, asked);
  const html = await renderSale(
    { ...page, path, preview: info },
    { sale, revision: 0 },
    notForSale,
    now,
    settingsOf(config, sale),
  );
  return new Response(html, { headers: previewHeaders("text/html; charset=utf-8") });
}

// The page on which a visitor without JavaScript signs in before a sale opens, and sees who is signed in.
import { type Context, Hono } from "hono";
import { findSale } from "../catalog/archive.ts";
import { identify } from "../funnel/identity.ts";
import { refuse } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { errorPage } from "./error-pages.ts";
import { READY_PATH } from "./item-paths.ts";
import { personalPage } from "./page.ts";
import { signInOptions } from "./views/components.tsx";
import { renderReady } from "./views/ready.tsx";

export const readyRoutes = new Hono<AppEnv>().get(READY_PATH, show);

async function show(c: Context<AppEnv, typeof READY_PATH>): Promise<Response> {
  const entry = await findSale(c.get("scope"), c.req.param("saleId"));
  if (!entry) return errorPage(c, refuse("not_found"));
  const config = c.get("config");
  const identity = await identify(c, config);
  c.header("Cache-Control", "private, no-store");
  const html = await renderReady(personalPage(c), {
    sale: entry.sale,
    user: identity.ok ? (identity.email ?? identity.userId) : undefined,
    signInOptions: signInOptions(config),
    origin: new URL(c.req.url).origin,
  });
  return c.html(html);
}

// The HTML routes. The list and the sale page are the same bytes for everybody; all others are personal.
import { type Context, Hono } from "hono";
import { findSale } from "../catalog/archive.ts";
import { readSalesPage } from "../catalog/list.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { stopsOf } from "../catalog/stops.ts";
import { refuse } from "../http/errors.ts";
import type { AppContext, AppEnv } from "../http/request.ts";
import { causeOf, log } from "../observability/log.ts";
import { accountRoutes } from "./account.ts";
import { assetRoutes } from "./assets.ts";
import { unavailableSales, unavailableSkus } from "./availability.ts";
import { buyRoutes } from "./buy.ts";
import { cardChoiceRoutes } from "./card-choice.ts";
import { documentRoutes } from "./documents.ts";
import { errorPage } from "./error-pages.ts";
import { lineRoutes } from "./line.ts";
import { addressOf, askedLanguage, saleLanguage, sharedPage } from "./page.ts";
import { servePage } from "./page-cache.ts";
import { previewRoutes } from "./preview.ts";
import { readyRoutes } from "./ready.ts";
import { reminderRoutes } from "./reminder.ts";
import { settingsOf } from "./settings.ts";
import { renderHome } from "./views/home.tsx";
import { renderSale } from "./views/sale.tsx";

export const pageRoutes = new Hono<AppEnv>()
  .route("/", assetRoutes)
  .route("/", documentRoutes)
  .get("/", home)
  .get("/sales/:saleId", sale)
  .route("/", previewRoutes)
  .route("/", reminderRoutes)
  .route("/", readyRoutes)
  .route("/", lineRoutes)
  .route("/", buyRoutes)
  .route("/", cardChoiceRoutes)
  .route("/", accountRoutes);

/** An unexpected error becomes an error page as well. */
pageRoutes.onError((error, c: AppContext) => {
  const requestId = c.get("requestId");
  log("request.failed", { requestId, route: c.req.routePath, cause: causeOf(error) });
  return errorPage(c, refuse("unavailable"));
});

async function home(c: AppContext): Promise<Response> {
  const cursor = c.req.query("cursor");
  const catalog = await readCatalog(c.get("scope"));
  const list = await readSalesPage(c.get("scope"), cursor);
  if (!list) {
    const issues = [{ path: "cursor", message: "is not a cursor of this list" }];
    return errorPage(c, refuse("invalid_request", { issues }));
  }
  const unavailable = await unavailableSales(c, catalog);
  const config = c.get("config");
  const path = cursor === undefined ? "/" : `/?cursor=${encodeURIComponent(cursor)}`;
  const page = sharedPage(config, path, config.LANGUAGE, askedLanguage(c));
  return servePage(c, {
    key: addressOf(page, path),
    version: `${catalog.version} ${[...unavailable].join(" ")}`,
    sales: list.sales,
    render: (now) => renderHome(page, list, unavailable, now),
  });
}

async function sale(c: Context<AppEnv, "/sales/:saleId">): Promise<Response> {
  const entry = await findSale(c.get("scope"), c.req.param("saleId"));
  if (!entry) return errorPage(c, refuse("not_found"));
  const config = c.get("config");
  const settings = settingsOf(config, entry.sale);
  const stops = stopsOf(await readCatalog(c.get("scope")), entry, Date.now());
  const unavailable = await unavailableSkus(c, entry);
  const stock = [...unavailable].map(([id, { state }]) => `${id}=${state}`).join();
  const { challenges } = settings;
  const switched = stops.size > 0 ? JSON.stringify([...stops]) : "";
  const path = `/sales/${entry.sale.id}`;
  const page = sharedPage(
    config,
    path,
    saleLanguage(config.LANGUAGE, entry.sale),
    askedLanguage(c),
  );
  return servePage(c, {
    key: addressOf(page, path),
    version: `${entry.revision}-${config.DEMO_LOGIN}-${config.LOGIN_URL}-${settings.paymentMode}-${challenges}-${stock}-${switched}`,
    sales: [entry.sale],
    challenges,
    render: (now) => renderSale(page, entry, { unavailable, stops }, now, settings),
  });
}

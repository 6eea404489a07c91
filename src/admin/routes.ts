// The operator's API: sales, stock, ledgers.
import { type Context, Hono } from "hono";
import { publish } from "../catalog/propagation.ts";
import { idSchema } from "../catalog/schema.ts";
import { CATALOG_TAG, dropSnapshot } from "../catalog/snapshot.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppContext, AppEnv } from "../http/request.ts";
import { log } from "../observability/log.ts";
import { rebuildReadModel, resendEvents } from "../orders/rebuild.ts";
import { bankOf } from "../payments/sandbox.ts";
import { listAlerts, testAlerts } from "./alerts.ts";
import { authorize } from "./auth.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { readFigures } from "./figures.ts";
import { atLedger } from "./ledger.ts";
import { changeLine, showLine } from "./line.ts";
import { watchLive } from "./live.ts";
import { listEntries, recorded } from "./log.ts";
import { showMetrics } from "./metrics.ts";
import { listOrdersOf, releaseOrder, resendWebhook, showOrder } from "./orders.ts";
import { exportOrders } from "./orders-csv.ts";
import { showOverview } from "./overview.ts";
import { showPreflight } from "./preflight/preflight.ts";
import { makePreviewLink } from "./preview-links.ts";
import { refundOrder } from "./refunds.ts";
import { grantRehearsal } from "./rehearsal-grants.ts";
import { recordRehearsal } from "./rehearsals.ts";
import { exportReport, showReport } from "./report/routes.ts";
import { takeBack } from "./report/take-back.ts";
import { ruleRoutes } from "./rules.ts";
import { listSales, removeSale, restockSku, saveSale, showSale } from "./sales.ts";
import { signIn, signOut } from "./sign-in.ts";
import { pauseSale, resumeSale, saveSwitches, showSwitches } from "./switches.ts";
import { replayWebhooks, resumeWebhooks, showWebhooks } from "./webhooks.ts";

export const adminRoutes = new Hono<AppEnv>()
  .post("/session", signIn)
  .delete("/session", signOut)
  .get("/live", watchLive)
  .use(authorize)
  .get("/sales", listSales)
  .get("/sales/:saleId", showSale)
  .put("/sales/:saleId", saveSale)
  .delete("/sales/:saleId", removeSale)
  .get("/sales/:saleId/figures", showFigures)
  .get("/sales/:saleId/line", showLine)
  .put("/sales/:saleId/line", changeLine)
  .get("/sales/:saleId/preflight", showPreflight)
  .post("/sales/:saleId/preview-links", makePreviewLink)
  .post("/sales/:saleId/rehearsal-grants", grantRehearsal)
  .get("/sales/:saleId/audit", showReport)
  .get("/sales/:saleId/audit.csv", exportReport)
  .post("/sales/:saleId/audit/take-back", takeBack)
  .post("/sales/:saleId/pause", pauseSale)
  .post("/sales/:saleId/resume", resumeSale)
  .get("/switches", showSwitches)
  .put("/switches", saveSwitches)
  .post("/skus/:skuId/restock", restockSku)
  .get("/skus/:skuId/ledger", (c) => atLedger(c, async (inventory) => inventory.report()))
  .get("/skus/:skuId/orders", listOrders)
  .get("/skus/:skuId/orders.csv", exportOrders)
  .post("/skus/:skuId/rebuild", rebuild)
  .get("/orders", listOrdersOf)
  .get("/orders/:orderId", showOrder)
  .post("/orders/:orderId/refund", refundOrder)
  .post("/orders/:orderId/release", releaseOrder)
  .post("/orders/:orderId/webhooks/resend", resendWebhook)
  .get("/webhooks", showWebhooks)
  .post("/webhooks/replay", replayWebhooks)
  .post("/webhooks/resume", resumeWebhooks)
  .post("/cache/purge", purgeCaches)
  .get("/metrics", showMetrics)
  .get("/overview", showOverview)
  .get("/alerts", listAlerts)
  .post("/alerts/test", testAlerts)
  .post("/rehearsals", recordRehearsal)
  .get("/log", listEntries)
  .get("/sandbox/payments", listSandboxPayments)
  .route("/denylist", ruleRoutes("deny"))
  .route("/allowlist", ruleRoutes("allow"))
  .route("/dead-letters", deadLetterRoutes);

async function showFigures(c: Context<AppEnv, "/sales/:saleId/figures">): Promise<Response> {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  const figures = saleId.success ? await readFigures(c.get("scope"), saleId.data) : undefined;
  return figures ? c.json(figures) : problem(c, refuse("not_found"));
}

async function listOrders(c: Context<AppEnv, "/skus/:skuId/orders">): Promise<Response> {
  const cursor = decodeCursor(c.req.query("cursor"), c.req.param("skuId"));
  if (cursor === undefined) {
    const issues = [{ path: "cursor", message: "is not a cursor of this list" }];
    return problem(c, refuse("invalid_request", { issues }));
  }
  return atLedger(c, async (inventory) => {
    const { orders, next } = await inventory.page(cursor);
    if (orders.length === 0 && !(await inventory.report())) return null;
    return {
      orders: orders.map(({ userId, order }) => ({ ...order, userId })),
      ...(next ? { cursor: encodeCursor(next) } : {}),
    };
  });
}

/** Copies a ledger to Redis again. `?events=true` also sends the shop's webhook an event for every order. */
async function rebuild(c: Context<AppEnv, "/skus/:skuId/rebuild">): Promise<Response> {
  const config = c.get("config");
  const withEvents = c.req.query("events") === "true";
  if (withEvents && !config.ORDER_WEBHOOK_URL) {
    const issues = [{ path: "events", message: "needs ORDER_WEBHOOK_URL to be set" }];
    return problem(c, refuse("invalid_request", { issues }));
  }
  const skuId = idSchema.safeParse(c.req.param("skuId"));
  if (!skuId.success) return problem(c, refuse("not_found"));
  const intent = { action: "sku.rebuilt", target: `sku/${skuId.data}` } as const;
  return recorded(c, { ...intent, asks: { events: withEvents } }, () =>
    atLedger(c, async (inventory) => {
      const report = await inventory.report();
      if (!report) return null;
      // If Redis was emptied, the catalog is gone too.
      await publish(c.env, config);
      const rebuilt = await rebuildReadModel(c.env, config, report.skuId);
      if (!withEvents) return rebuilt;
      return {
        ...rebuilt,
        events: await resendEvents(c.env, report.skuId, config.ORDER_WEBHOOK_EVENTS),
      };
    }),
  );
}

/**
 * Makes a change show at once instead of within 5 s: purges Cloudflare's cache everywhere and this isolate's memory.
 * Other isolates cannot be reached. One that read the catalog just before may cache it again, within the 5 s.
 */
function purgeCaches(c: AppContext): Promise<Response> {
  return recorded(c, { action: "caches.purged", target: "deployment" }, () => purge(c));
}

async function purge(c: AppContext): Promise<Response> {
  dropSnapshot();
  const cache = (c.executionCtx as Partial<Pick<ExecutionContext, "cache">>).cache;
  if (!cache) return c.json({ purged: ["isolate"] });
  const { success, errors } = await cache.purge({ tags: [CATALOG_TAG] });
  if (success) return c.json({ purged: ["isolate", "cloudflare"] });
  log("cache.purge_failed", { cause: errors.map(({ message }) => message).join("; ") });
  return problem(c, refuse("unavailable", { detail: "Cloudflare did not purge its cache" }));
}

/** The payments of the sandbox bank, so that a rehearsal can prove that money and orders agree. */
async function listSandboxPayments(c: AppContext): Promise<Response> {
  if (c.get("config").PAYMENTS !== "sandbox") return problem(c, refuse("not_found"));
  const payments = await bankOf(c.env).statement(c.req.query("after") ?? "");
  return c.json({ payments });
}

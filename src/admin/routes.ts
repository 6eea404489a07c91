// The operator's API: sales, stock, ledgers.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { deleteSale, putSale } from "../catalog/change.ts";
import { idSchema, saleDocumentSchema } from "../catalog/schema.ts";
import { CATALOG_TAG, dropSnapshot } from "../catalog/snapshot.ts";
import { livingEntries, registryOf, storeSales } from "../catalog/store.ts";
import { problem, refuse } from "../errors.ts";
import { readIdempotencyKey } from "../funnel/shape.ts";
import { type AppContext, type AppEnv, readJson } from "../http.ts";
import { callInventory, type InventoryStub, LANE } from "../inventory/client.ts";
import { log } from "../observability/log.ts";
import { readCounters } from "../observability/metrics.ts";
import { offerEventsAgain, rebuildReadModel } from "../orders/rebuild.ts";
import { bankOf } from "../payments/sandbox.ts";
import { BACKGROUND_LIMIT_MS, redisBreakerState, withRedis } from "../redis/client.ts";
import { requireOperator } from "./auth.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { ruleRoutes } from "./rules.ts";

const MAX_SALE_BYTES = 131_072;
const MAX_RESTOCK_BYTES = 1_024;
const MAX_RESTOCK = 1_000_000;

const restockSchema = z.strictObject({
  quantity: z
    .int()
    .min(-MAX_RESTOCK)
    .max(MAX_RESTOCK)
    .refine((quantity) => quantity !== 0, "must not be 0"),
});

export const adminRoutes = new Hono<AppEnv>()
  .use(requireOperator)
  .get("/sales", async (c) => {
    const sales = await registryOf(c.env).all();
    return c.json({ sales: livingEntries(sales).map(({ sale }) => sale) });
  })
  .get("/sales/:saleId", showSale)
  .put("/sales/:saleId", saveSale)
  .delete("/sales/:saleId", removeSale)
  .post("/skus/:skuId/restock", restock)
  .get("/skus/:skuId/ledger", (c) => atLedger(c, async (inventory) => inventory.report()))
  .get("/skus/:skuId/orders", listOrders)
  .post("/skus/:skuId/rebuild", rebuild)
  .post("/cache/purge", purgeCaches)
  .get("/overview", (c) => c.json(overview()))
  .get("/sandbox/payments", listSandboxPayments)
  .route("/denylist", ruleRoutes("deny"))
  .route("/allowlist", ruleRoutes("allow"))
  .route("/dead-letters", deadLetterRoutes);

async function showSale(c: Context<AppEnv, "/sales/:saleId">): Promise<Response> {
  const sales = await registryOf(c.env).all();
  const sale = sales.find(({ id }) => id === c.req.param("saleId"))?.sale;
  return sale ? c.json(sale) : problem(c, refuse("not_found"));
}

async function saveSale(c: Context<AppEnv, "/sales/:saleId">): Promise<Response> {
  const body = await readJson(c, saleDocumentSchema, MAX_SALE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  if (body.value.id !== c.req.param("saleId")) {
    const issues = [{ path: "id", message: "must be the id in the address" }];
    return problem(c, refuse("invalid_request", { issues }));
  }
  if (body.value.protection && body.value.protection.challenge.mode !== "off") {
    const { TURNSTILE_SITE_KEY, TURNSTILE_SECRET } = c.get("config");
    if (!TURNSTILE_SITE_KEY || !TURNSTILE_SECRET) {
      const message = "needs TURNSTILE_SITE_KEY and TURNSTILE_SECRET to be set";
      const issues = [{ path: "protection.challenge.mode", message }];
      return problem(c, refuse("invalid_request", { issues }));
    }
  }
  const result = await putSale(c.env, c.get("config"), body.value);
  if (!result.ok) return problem(c, result.refusal);
  return c.json(body.value, result.created ? 201 : 200);
}

async function removeSale(c: Context<AppEnv, "/sales/:saleId">): Promise<Response> {
  const removed = await deleteSale(c.env, c.get("config"), c.req.param("saleId"));
  return removed ? c.body(null, 204) : problem(c, refuse("not_found"));
}

async function restock(c: Context<AppEnv, "/skus/:skuId/restock">): Promise<Response> {
  const named = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!named.ok) return problem(c, named.refusal);
  const body = await readJson(c, restockSchema, MAX_RESTOCK_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return atLedger(c, async (inventory) => {
    const result = await inventory.restock(body.value.quantity, named.key);
    if (result.ok) {
      if (result.replayed) c.header("Idempotent-Replayed", "true");
      return inventory.report();
    }
    if (result.reason !== "below_committed") return problem(c, refuse(result.reason));
    const message = `only ${result.available} units are free to take back`;
    return problem(c, refuse("invalid_request", { issues: [{ path: "quantity", message }] }));
  });
}

async function listOrders(c: Context<AppEnv, "/skus/:skuId/orders">): Promise<Response> {
  const cursor = decodeCursor(c.req.query("cursor"));
  if (cursor === undefined) {
    const issues = [{ path: "cursor", message: "is not one of ours" }];
    return problem(c, refuse("invalid_request", { issues }));
  }
  return atLedger(c, async (inventory) => {
    const { orders, next } = await inventory.page(cursor);
    return {
      orders: orders.map(({ userId, order }) => ({ ...order, userId })),
      ...(next ? { cursor: encodeCursor(next) } : {}),
    };
  });
}

/** With `?events=true` the shop is offered news of every order once more, too. */
async function rebuild(c: Context<AppEnv, "/skus/:skuId/rebuild">): Promise<Response> {
  const config = c.get("config");
  const withEvents = c.req.query("events") === "true";
  if (withEvents && !config.ORDER_WEBHOOK_URL) {
    const issues = [{ path: "events", message: "needs ORDER_WEBHOOK_URL to be set" }];
    return problem(c, refuse("invalid_request", { issues }));
  }
  return atLedger(c, async (inventory) => {
    const report = await inventory.report();
    if (!report) return null;
    // An emptied Redis has lost the catalog too.
    const sales = await registryOf(c.env).all();
    await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) => storeSales(redis, keys, sales));
    const rebuilt = await rebuildReadModel(c.env, config, report.skuId);
    if (!withEvents) return rebuilt;
    return { ...rebuilt, events: await offerEventsAgain(c.env, report.skuId) };
  });
}

/**
 * Makes a change show at once instead of within 5 s: in Cloudflare's cache everywhere, and in this
 * isolate. Other isolates are not reachable: one that read the catalog just before may fill the cache
 * with it once more, within the 5 s.
 */
async function purgeCaches(c: AppContext): Promise<Response> {
  dropSnapshot();
  const cache = (c.executionCtx as Partial<Pick<ExecutionContext, "cache">>).cache;
  if (!cache) return c.json({ purged: ["isolate"] });
  const { success, errors } = await cache.purge({ tags: [CATALOG_TAG] });
  if (success) return c.json({ purged: ["isolate", "cloudflare"] });
  log("cache.purge_failed", { cause: errors.map(({ message }) => message).join("; ") });
  return problem(c, refuse("unavailable", { detail: "Cloudflare did not purge its cache" }));
}

/** What this isolate has counted since it started, and what it thinks of Redis. */
const overview = () => ({
  generatedAt: new Date().toISOString(),
  breakers: { redis: redisBreakerState() },
  counters: readCounters(),
});

/** The sandbox bank's books, so that a rehearsal can prove that money and orders agree. */
async function listSandboxPayments(c: AppContext): Promise<Response> {
  if (c.get("config").PAYMENTS !== "sandbox") return problem(c, refuse("not_found"));
  const payments = await bankOf(c.env).statement(c.req.query("after") ?? "");
  return c.json({ payments });
}

/** Runs a use case at a SKU's ledger. Null is answered as 404, a Response as it is, the rest as JSON. */
async function atLedger(
  c: AppContext,
  useCase: (inventory: InventoryStub) => Promise<object | null>,
): Promise<Response> {
  const skuId = idSchema.safeParse(c.req.param("skuId"));
  if (!skuId.success) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, { skuId: skuId.data, lane: LANE }, useCase);
  if (!answer.ok) return problem(c, refuse(answer.reason));
  if (!answer.value) return problem(c, refuse("not_found"));
  return answer.value instanceof Response ? answer.value : c.json(answer.value);
}

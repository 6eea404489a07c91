// The buyer's routes: reserve, read, pay, give back.
import { type Context, Hono } from "hono";
import { saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { problem, type Refusal, refuse } from "../errors.ts";
import { type Attempt, paymentBodySchema } from "../funnel/attempt.ts";
import { runFunnel } from "../funnel/funnel.ts";
import { identify } from "../funnel/identity.ts";
import { type AppContext, type AppEnv, readJson } from "../http.ts";
import { callInventory, LANE } from "../inventory/client.ts";
import { newOrderId, type Order, parseOrderId } from "../inventory/order.ts";
import type { ReserveResult } from "../inventory/sku-inventory.ts";
import { causeOf, log } from "../observability/log.ts";
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { readOrder, readOrders } from "./read-model.ts";

const MAX_PAYMENT_BYTES = 1_024;
/** While a sale sells, and this long after, its ledgers may know orders that Redis does not have yet. */
const SETTLING_MS = 3_600_000;

export const orderRoutes = new Hono<AppEnv>()
  .post("/skus/:skuId/orders", reserve)
  .get("/orders", list)
  .get("/orders/:orderId", show)
  .post("/orders/:orderId/payment", pay)
  .delete("/orders/:orderId", cancel);

async function reserve(c: Context<AppEnv, "/skus/:skuId/orders">): Promise<Response> {
  const passed = await runFunnel(c, c.req.param("skuId"));
  if (!passed.ok) return problem(c, passed.refusal);
  const { attempt } = passed;
  const address = { skuId: attempt.skuId, lane: LANE };
  const command = {
    userId: attempt.userId,
    orderId: newOrderId(address),
    quantity: attempt.body.quantity,
    ...(attempt.body.paymentToken ? { paymentToken: attempt.body.paymentToken } : {}),
    idempotencyKey: attempt.idempotencyKey,
    fingerprint: await fingerprint(attempt),
  };
  const answer = await callInventory(c.env, address, (inventory) => inventory.reserve(command));
  if (!answer.ok) return problem(c, inventoryRefusal(c, answer));
  const result = answer.value;
  if (!result.ok) return problem(c, toRefusal(result));
  if (result.replayed) c.header("Idempotent-Replayed", "true");
  c.header("Location", `/api/orders/${result.order.id}`);
  return c.json(result.order, 202);
}

/** Tells a retry from another request under the same key. */
async function fingerprint({ body }: Attempt): Promise<string> {
  const text = JSON.stringify([body.quantity, body.paymentToken ?? null, body.ticket ?? null]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest, 0, 12)));
}

/** The one place where inner reasons of a reservation become public ones. */
function toRefusal(result: Exclude<ReserveResult, { ok: true }>): Refusal {
  switch (result.reason) {
    case "sale_not_open":
      return refuse("sale_not_open", { opensAt: new Date(result.opensAt).toISOString() });
    case "sale_closed":
      return refuse("sale_closed", { closesAt: new Date(result.closesAt).toISOString() });
    case "user_limit_reached":
      return refuse("user_limit_reached", { limit: result.limit, orderIds: result.orderIds });
    case "sold_out":
      return refuse("sold_out", { available: result.available });
    default:
      return refuse(result.reason);
  }
}

function inventoryRefusal(
  c: AppContext,
  { reason, cause }: { reason: "overloaded" | "unavailable"; cause: unknown },
): Refusal {
  log(`inventory.${reason}`, { requestId: c.get("requestId"), cause: causeOf(cause) });
  return refuse(reason, { retryAfterSeconds: 1 + Math.floor(Math.random() * 3) });
}

/** Answers "order not found" to strangers too: whose it is, is nobody else's business. */
async function owned(c: AppContext, orderId: string) {
  const identity = await identify(c, c.get("config"));
  if (!identity.ok) return { ok: false, refusal: identity.refusal } as const;
  const address = parseOrderId(orderId);
  if (!address) return { ok: false, refusal: refuse("not_found") } as const;
  return { ok: true, address, ref: { userId: identity.userId, orderId } } as const;
}

/**
 * An order whose status can still change by its owner's hand is read from the ledger, so that buyers
 * read their own writes; everything else comes from Redis and costs the object nothing.
 */
async function show(c: Context<AppEnv, "/orders/:orderId">): Promise<Response> {
  const order = await owned(c, c.req.param("orderId"));
  if (!order.ok) return problem(c, order.refusal);
  const { ref, address } = order;
  const config = c.get("config");
  const stored = await withRedis(config, INTERACTIVE_LIMIT_MS, (redis) =>
    readOrder(redis, ref.userId, ref.orderId),
  ).catch(() => undefined);
  if (stored && stored.status !== "reserved") return answerOrder(c, stored, "read-model");
  if (!stored && !(await isKnownSku(c, address.skuId))) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, address, (inventory) => inventory.find(ref));
  if (!answer.ok) {
    if (stored) return answerOrder(c, stored, "read-model");
    return problem(c, inventoryRefusal(c, answer));
  }
  if (!answer.value) return problem(c, refuse("not_found"));
  return answerOrder(c, answer.value, "ledger");
}

type Source = "read-model" | "ledger";

function answerOrder(c: AppContext, order: Order, source: Source): Response {
  c.header("X-Served-From", source);
  return c.json(order);
}

/** An id naming a SKU that never was must not wake an object of that name. */
async function isKnownSku(c: AppContext, skuId: string): Promise<boolean> {
  const { catalog } = await readCatalog(c);
  return catalog.sku(skuId) !== undefined;
}

async function list(c: AppContext): Promise<Response> {
  const identity = await identify(c, c.get("config"));
  if (!identity.ok) return problem(c, identity.refusal);
  const { userId } = identity;
  const config = c.get("config");
  const stored = await withRedis(config, INTERACTIVE_LIMIT_MS, (redis) =>
    readOrders(redis, userId),
  ).catch(() => undefined);
  const fresh = await ordersInLedgers(c, userId);
  if (!stored && !fresh.complete) return problem(c, refuse("unavailable"));
  const orders = new Map((stored ?? []).map((order) => [order.id, order]));
  for (const order of fresh.orders) {
    if (order.version > (orders.get(order.id)?.version ?? 0)) orders.set(order.id, order);
  }
  const sorted = [...orders.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  return c.json({ orders: sorted });
}

/** The user's orders in the ledgers of sales that sell now or sold lately. */
async function ordersInLedgers(
  c: AppContext,
  userId: string,
): Promise<{ complete: boolean; orders: Order[] }> {
  const { catalog } = await readCatalog(c);
  const now = Date.now();
  const skus = catalog.entries
    .filter(({ sale }) => saleState(sale, now) !== "upcoming")
    .filter(({ sale }) => now < Date.parse(sale.closesAt) + SETTLING_MS)
    .flatMap(({ sale }) => sale.skus);
  const answers = await Promise.all(
    skus.map(({ id }) =>
      callInventory(c.env, { skuId: id, lane: LANE }, (inventory) => inventory.ordersOf(userId)),
    ),
  );
  return {
    complete: answers.every(({ ok }) => ok),
    orders: answers.flatMap((answer) => (answer.ok ? answer.value : [])),
  };
}

async function pay(c: Context<AppEnv, "/orders/:orderId/payment">): Promise<Response> {
  const order = await owned(c, c.req.param("orderId"));
  if (!order.ok) return problem(c, order.refusal);
  const body = await readJson(c, paymentBodySchema, MAX_PAYMENT_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  if (!(await isKnownSku(c, order.address.skuId))) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, order.address, (inventory) =>
    inventory.pay(order.ref, body.value.paymentToken),
  );
  if (!answer.ok) return problem(c, inventoryRefusal(c, answer));
  if (!answer.value.ok) return problem(c, refuse(answer.value.reason));
  return c.json(answer.value.order, 202);
}

async function cancel(c: Context<AppEnv, "/orders/:orderId">): Promise<Response> {
  const order = await owned(c, c.req.param("orderId"));
  if (!order.ok) return problem(c, order.refusal);
  if (!(await isKnownSku(c, order.address.skuId))) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, order.address, (inventory) =>
    inventory.cancel(order.ref),
  );
  if (!answer.ok) return problem(c, inventoryRefusal(c, answer));
  if (!answer.value.ok) return problem(c, refuse(answer.value.reason));
  return c.json(answer.value.order);
}

// Routes of the comparator that call Doorbuster's inventory object and order consumer directly, to measure each of them alone.
import { Hono } from "hono";
import { requireConfig } from "../../config/config.ts";
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import type { ConfigureCommand } from "../../inventory/decide-stock.ts";
import type { OrderMessage } from "../../inventory/messages.ts";
import { type ConsumerEnv, consumeOrders } from "../../orders/consumer.ts";
import type { CopiedOrders } from "./copied-orders.ts";

export interface InventoryBindings extends ConsumerEnv {
  SKU_INVENTORY: DurableObjectNamespace<CopiedOrders>;
}

export const inventoryRoutes = new Hono<{ Bindings: InventoryBindings }>();

inventoryRoutes.put("/sku", async (c) => {
  const command = await c.req.json<ConfigureCommand>();
  await c.env.SKU_INVENTORY.getByName(command.skuId).configure(command);
  return c.body(null, 204);
});

inventoryRoutes.post("/reserve/:sku", async (c) => {
  const command = await c.req.json<ReserveCommand>();
  const inventory = c.env.SKU_INVENTORY.getByName(c.req.param("sku"));
  const result = await inventory.reserve(command);
  return c.json(result, result.ok ? 202 : 409);
});

/** Puts the SKU on sale, and sells an order and its copies. Responds with the bytes that the object stores. */
inventoryRoutes.post("/copies/:sku", async (c) => {
  const skuId = c.req.param("sku");
  const order = await c.req.json<ReserveCommand>();
  const count = Number(c.req.query("count"));
  const object = c.env.SKU_INVENTORY.getByName(skuId);
  const price = order.paymentToken === undefined ? 0 : 1_200;
  const terms = {
    ...{ saleId: "bench", skuId, opensAt: 0, closesAt: Date.now() + 86_400_000 },
    ...{ unitPrice: { amount: price, currency: "USD" }, perUserLimit: 1, holdSeconds: 300 },
    item: { name: "A thing of the usual length", saleTitle: "A sale of the usual length" },
  };
  await object.configure({ skuId, revision: 1, offer: { terms, stock: count } });
  await object.sellCopies(order, count, c.req.query("scattered") === "true");
  return c.text(String(await object.size()));
});

inventoryRoutes.get("/report/:sku", async (c) =>
  c.json(await c.env.SKU_INVENTORY.getByName(c.req.param("sku")).report()),
);

inventoryRoutes.post("/sleep/:sku", async (c) => {
  await c.env.SKU_INVENTORY.getByName(c.req.param("sku"))
    .sleep()
    .catch(() => {});
  return c.body(null, 204);
});

/** Processes one batch as the queue would deliver it. Responds with 204 if every message is acknowledged. */
inventoryRoutes.post("/consume", async (c) => {
  const bodies = await c.req.json<OrderMessage[]>();
  const acknowledged = new Set<string>();
  const messages = bodies.map((body) => ({
    ...{ id: body.orderId, timestamp: new Date(), attempts: 1, body },
    ack: () => void acknowledged.add(body.orderId),
    retry: () => {},
  }));
  await consumeOrders({ queue: "orders", messages }, c.env, requireConfig(c.env));
  return c.body(null, acknowledged.size === bodies.length ? 204 : 500);
});

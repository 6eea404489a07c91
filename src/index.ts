// The Worker, and the map of it: requests, the queue, the clock, and the object that owns the stock.
import { app } from "./app.ts";
import { requireConfig } from "./config.ts";
import { consumeOrders } from "./orders/consumer.ts";

export { SaleRegistry } from "./catalog/registry.ts";
export { SkuInventory } from "./inventory/sku-inventory.ts";

export default {
  fetch: app.fetch,

  async queue(batch, env) {
    await consumeOrders(batch, env, requireConfig(env), null);
  },
} satisfies ExportedHandler<Env>;

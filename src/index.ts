// The entry point of the Worker: HTTP requests, queues, the scheduled run, and the Durable Objects.
import { app } from "./app.ts";
import { requireConfig } from "./config.ts";
import { consumeOrders } from "./orders/consumer.ts";
import { storeDeadLetters } from "./orders/dead-letters.ts";
import { consumePayments } from "./orders/payments-consumer.ts";
import { deliverWebhooks } from "./orders/webhooks.ts";
import { reconcile } from "./reconcile.ts";

export { SaleRegistry } from "./catalog/registry.ts";
export { SkuInventory } from "./inventory/sku-inventory.ts";
export { SaleLine } from "./line/sale-line.ts";
export { PaymentRunner } from "./orders/payment-runner.ts";
export { PaymentScheduler } from "./orders/payment-scheduler.ts";
export { SandboxBank } from "./payments/sandbox-bank.ts";

export default {
  fetch: app.fetch,

  async queue(batch, env) {
    const config = requireConfig(env);
    if (batch.queue.endsWith("-dlq")) return storeDeadLetters(batch, env, config);
    if (batch.queue.endsWith("-webhooks")) return deliverWebhooks(batch, env, config);
    if (batch.queue.endsWith("-payments")) return consumePayments(batch, env);
    return consumeOrders(batch, env, config);
  },

  async scheduled({ scheduledTime }, env) {
    await reconcile(env, requireConfig(env), scheduledTime);
  },
} satisfies ExportedHandler<Env>;

// The entry point of the Worker: HTTP requests, queues, the scheduled run, and the Durable Objects.
import { wakeAlerts } from "./alerts/client.ts";
import { app } from "./app.ts";
import { requireConfig } from "./config/config.ts";
import "./observability/flush.ts"; // sends what is counted
import { measure } from "./observability/metrics.ts";
import { consumeOrders } from "./orders/consumer.ts";
import { storeDeadLetters } from "./orders/dead-letters.ts";
import { deliverWebhooks } from "./orders/webhooks.ts";
import { reconcile } from "./reconcile.ts";

export { SaleWatch } from "./admin/sale-watch.ts";
export { AlertWatch } from "./alerts/alert-watch.ts";
export { SaleRegistry } from "./catalog/registry.ts";
export { SaleAllowance } from "./inventory/allowance/sale-allowance.ts";
export { SkuInventory } from "./inventory/sku-inventory.ts";
export { SaleLine } from "./line/sale-line.ts";
export { MetricsShard } from "./observability/metrics-shard.ts";
export { PaymentRunner } from "./orders/payment-runner.ts";
export { PaymentScheduler } from "./orders/payment-scheduler.ts";
export { WebhookDesk } from "./orders/webhook-desk.ts";
export { SandboxBank } from "./payments/sandbox-bank.ts";

export default {
  fetch: app.fetch,

  async queue(batch, env) {
    const config = requireConfig(env);
    observeAges(batch);
    if (batch.queue.endsWith("-dlq")) {
      await storeDeadLetters(batch, env, config);
      return wakeAlerts(env);
    }
    if (batch.queue.endsWith("-webhooks")) {
      const { isGone } = await deliverWebhooks(batch, env, config);
      return isGone ? wakeAlerts(env) : undefined;
    }
    return consumeOrders(batch, env, config);
  },

  async scheduled({ scheduledTime }, env) {
    await reconcile(env, requireConfig(env), scheduledTime);
  },
} satisfies ExportedHandler<Env>;

/** Measures how long messages waited in the queue. A repeated delivery also waited for its retry. */
function observeAges({ queue, messages }: MessageBatch): void {
  for (const { timestamp, attempts } of messages) {
    if (attempts === 1) measure("queue_age_seconds", Date.now() - timestamp.getTime(), queue);
  }
}

// The consumer of the queues "orders" (free orders) and "payments" (paid ones): claim at the ledger, publish to the read
// model, acknowledge. Orders whose money must move enter the line of the payment scheduler, so nothing here waits for a
// payment provider. Every step may repeat. Each message is acknowledged or retried on its own. Only the load separates the
// queues: an order in the other one is processed just as well.

import { logVerbose, type VerboseConfig } from "../funnel/verbose.ts";
import type { Claim } from "../inventory/claim.ts";
import type { InventoryEnv } from "../inventory/client.ts";
import { enterLine, type SchedulerBinding } from "../inventory/scheduler-client.ts";
import { causeOf, log } from "../observability/log.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import { type Group, groupByObject } from "./batch.ts";
import { type DeadLetterEnv, retryOrDeadLetter, retryOrDefer } from "./delivery.ts";
import { writeOrders } from "./read-model.ts";
import type { WebhookConfig } from "./shop-receiver.ts";

export type ConsumerEnv = InventoryEnv & DeadLetterEnv & SchedulerBinding;

/** Processes a batch: one call per object and one Redis round trip. */
export async function consumeOrders(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: ConsumerEnv,
  config: RedisConfig & WebhookConfig & VerboseConfig,
): Promise<void> {
  const { groups, unreadable } = groupByObject(batch.messages);
  try {
    await processGroups(groups, env, config);
  } catch (error) {
    log("orders.publish_failed", { count: batch.messages.length, cause: causeOf(error) });
    for (const group of groups) group.fail(`publishing failed (${causeOf(error)})`);
  } finally {
    for (const group of groups) group.release();
  }
  await Promise.all([
    ...unreadable.map((message) =>
      retryOrDeadLetter(env, batch.queue, message, "the message cannot be read"),
    ),
    ...groups
      .flatMap((group) => group.verdicts)
      .map(async ({ about, ref, message, fault }) => {
        const step = { ...about, reason: fault?.reason ?? "published" };
        logVerbose(config, "order.consumed", ref, step);
        if (!fault) message.ack();
        else if (fault.lasting) {
          const { queue } = batch;
          await retryOrDeadLetter(env, queue, message, fault.reason, about.orderId, about);
        } else retryOrDefer(message, fault.reason, about);
      }),
  ]);
}

async function processGroups(
  groups: Group[],
  env: ConsumerEnv,
  config: RedisConfig & WebhookConfig,
): Promise<void> {
  await Promise.all(groups.map((group) => group.claim(env)));
  const claims = groups.flatMap((group) => group.open);
  // Money does not wait for Redis, nor Redis for the scheduler.
  const entering = enterLine(
    env,
    groups.flatMap((group) => group.payments),
  );
  await publish(claims, config).catch(async (error) => {
    await entering;
    throw error;
  });
  const { ORDER_WEBHOOK_URL, ORDER_WEBHOOK_EVENTS: extra } = config;
  const owed = ORDER_WEBHOOK_URL !== undefined;
  await Promise.all(
    groups.map(async (group) => {
      const outside = group.payments.length === 0 ? new Set<string>() : await entering;
      await group.acknowledge({ owed, extra, outside });
    }),
  );
}

/** Publishes the claimed versions, including those of orders whose money is still undecided. */
async function publish(claims: Claim[], config: RedisConfig): Promise<void> {
  const orders = claims.map(({ userId, order, step }) => ({
    userId,
    order,
    isDone: step === "none",
  }));
  if (orders.length === 0) return;
  await withRedis(config, "redis-background", (redis, keys) => writeOrders(redis, keys, orders));
}

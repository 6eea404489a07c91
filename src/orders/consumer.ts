// The consumer of the "orders" queue: claim at the ledger, publish to the read model, acknowledge. Orders whose money must
// move go to the "payments" queue, so nothing here waits for a payment provider. Every step may repeat. Each message is
// acknowledged or retried on its own.

import type { Claim } from "../inventory/claim.ts";
import type { InventoryEnv } from "../inventory/client.ts";
import type { OrderMessage } from "../inventory/messages.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { type Group, groupByObject } from "./batch.ts";
import { type DeadLetterEnv, retryOrDeadLetter, retryOrDefer } from "./delivery.ts";
import { writeOrders } from "./read-model.ts";
import type { WebhookConfig } from "./webhooks.ts";

export type ConsumerEnv = InventoryEnv & DeadLetterEnv & { DUE_PAYMENTS: Queue<OrderMessage> };

/** Processes a batch: one call per object and one Redis round trip. */
export async function consumeOrders(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: ConsumerEnv,
  config: RedisConfig & WebhookConfig,
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
      .map(async ({ orderId, message, fault }) => {
        if (!fault) message.ack();
        else if (fault.lasting)
          await retryOrDeadLetter(env, batch.queue, message, fault.reason, orderId);
        else retryOrDefer(message, fault.reason);
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
  // Money does not wait for Redis, nor Redis for the queue.
  const forwarded = forward(groups, env);
  await publish(claims, config).catch(async (error) => {
    await forwarded;
    throw error;
  });
  const owed = config.ORDER_WEBHOOK_URL !== undefined;
  await Promise.all(
    groups.map(async (group) => {
      const isForwarded = group.payments.length === 0 || (await forwarded);
      await group.acknowledge({ owed, isForwarded });
    }),
  );
}

/** Sends the orders whose money must move to the "payments" queue. False if the queue refuses them. */
async function forward(groups: Group[], env: ConsumerEnv): Promise<boolean> {
  const payments = groups.flatMap((group) => group.payments);
  if (payments.length === 0) return true;
  try {
    await env.DUE_PAYMENTS.sendBatch(payments.map((body) => ({ body })));
    return true;
  } catch (error) {
    log("orders.forward_failed", { count: payments.length, cause: causeOf(error) });
    return false;
  }
}

/** Publishes the claimed versions, including those of orders whose money is still undecided. */
async function publish(claims: Claim[], config: RedisConfig): Promise<void> {
  const orders = claims.map(({ userId, order, step }) => ({
    userId,
    order,
    isDone: step === "none",
  }));
  if (orders.length === 0) return;
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) => writeOrders(redis, keys, orders));
}

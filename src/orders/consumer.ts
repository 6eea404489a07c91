// The consumer of the "orders" queue: claim at the ledger, move the money, publish to the read model, acknowledge.
// Every step may repeat. Each message is acknowledged or retried on its own.

import type { InventoryEnv } from "../inventory/client.ts";
import { causeOf, log } from "../observability/log.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { type Group, groupByObject } from "./batch.ts";
import { type DeadLetterEnv, retryOrDeadLetter, retryOrDefer } from "./delivery.ts";
import { writeOrders } from "./read-model.ts";
import { GATEWAY_LIMIT_MS, MoneySteps } from "./saga.ts";
import type { WebhookConfig } from "./webhooks.ts";

export type ConsumerEnv = InventoryEnv & DeadLetterEnv;

/**
 * How long a batch waits for its charges. The first round is short, so that slow charges do not delay the other
 * orders. The second lasts as long as the gateway may take, and only runs if there are slow charges.
 */
const ROUNDS_MS = [1_000, GATEWAY_LIMIT_MS];

/** Processes a batch: one call per object and one Redis round trip, plus one for slow charges. */
export async function consumeOrders(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: ConsumerEnv,
  config: RedisConfig & WebhookConfig,
  gateway: PaymentGateway | null,
): Promise<void> {
  const { groups, unreadable } = groupByObject(batch.messages);
  try {
    await processGroups(groups, env, config, gateway);
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
  gateway: PaymentGateway | null,
): Promise<void> {
  const steps = new MoneySteps(gateway);
  await Promise.all(groups.map((group) => group.claim(env)));
  for (const group of groups) steps.start(group.open);
  for (const limitMs of ROUNDS_MS) {
    const answers = await steps.collect(limitMs);
    // A charge whose units are gone comes back with a refund, which starts at once.
    await Promise.all(
      groups.map(async (group) => steps.start(await group.recordPayments(answers))),
    );
    await publish(groups, config);
    const owed = config.ORDER_WEBHOOK_URL !== undefined;
    await Promise.all(groups.map((group) => group.acknowledge(owed)));
    if (!steps.hasOpen) return;
  }
}

/** Publishes the claimed versions, including those of orders whose money is still undecided. */
async function publish(groups: Group[], config: RedisConfig): Promise<void> {
  const orders = groups
    .flatMap((group) => group.open)
    .map(({ userId, order, step }) => ({ userId, order, isDone: step === "none" }));
  if (orders.length === 0) return;
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) => writeOrders(redis, keys, orders));
}

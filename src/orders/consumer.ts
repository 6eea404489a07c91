// The consumer of the "orders" queue: claim at the ledger, move the money, write the read model, and
// acknowledge. Every step may be repeated; each message is acknowledged or retried on its own.
import { type InventoryEnv, inventoryOf } from "../inventory/client.ts";
import type { Claim, SettledMoney } from "../inventory/settlement.ts";
import { causeOf, log } from "../observability/log.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { type OrderMessage, orderMessageSchema } from "./message.ts";
import { writeOrders } from "./read-model.ts";
import { takeMoneyStep } from "./saga.ts";

const RETRY_BASE_SECONDS = 2;
const RETRY_MAX_SECONDS = 600;

/** Seconds to wait before delivery `attempts + 1`: doubling, with up to a quarter of jitter. */
export function retryDelaySeconds(attempts: number, random = Math.random()): number {
  const backoff = Math.min(RETRY_BASE_SECONDS * 2 ** Math.min(attempts - 1, 20), RETRY_MAX_SECONDS);
  return Math.ceil(backoff * (1 + random / 4));
}

type Delivery = { message: Message; body: OrderMessage };

/** A group of orders of one object, claimed: what is known of each, and the way back to the object. */
interface ClaimedGroup {
  deliveries: Delivery[];
  claims: Map<string, Claim>;
  acknowledge(written: Claim[]): Promise<void>;
  dispose(): void;
}

/** Settles one batch. Costs one call per object and one Redis round trip, whatever the batch holds. */
export async function consumeOrders(
  batch: Pick<MessageBatch, "messages">,
  env: InventoryEnv,
  config: RedisConfig,
  gateway: PaymentGateway | null,
): Promise<void> {
  const groups = groupByObject(batch.messages);
  const claimed = (
    await Promise.all(groups.map((group) => claimGroup(env, group, gateway)))
  ).filter((group) => group !== undefined);
  try {
    const claims = claimed.flatMap((group) => [...group.claims.values()]);
    await withRedis(config, BACKGROUND_LIMIT_MS, (redis) => writeOrders(redis, claims));
    await Promise.all(claimed.map(acknowledgeGroup));
  } catch (error) {
    log("orders.read_model_failed", { count: batch.messages.length, cause: causeOf(error) });
    for (const { deliveries } of claimed) retry(deliveries);
  } finally {
    for (const group of claimed) group.dispose();
  }
}

function groupByObject(messages: readonly Message[]): Delivery[][] {
  const groups = new Map<string, Delivery[]>();
  for (const message of messages) {
    const body = orderMessageSchema.safeParse(message.body);
    if (!body.success) {
      // Perhaps a newer version of ours wrote it: retried, then kept with the dead letters.
      log("orders.message_unreadable", { messageId: message.id, attempts: message.attempts });
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
      continue;
    }
    const key = `${body.data.skuId}.${body.data.lane}`;
    groups.set(key, [...(groups.get(key) ?? []), { message, body: body.data }]);
  }
  return [...groups.values()];
}

async function claimGroup(
  env: InventoryEnv,
  deliveries: Delivery[],
  gateway: PaymentGateway | null,
): Promise<ClaimedGroup | undefined> {
  const address = (deliveries[0] as Delivery).body;
  try {
    const refs = new Map(deliveries.map(({ body }) => [body.orderId, toRef(body)]));
    const claim = await inventoryOf(env, address).claim([...refs.values()]);
    const claims = new Map<string, Claim>(claim.claims.map((c) => [c.orderId, c]));
    if (gateway) await settleMoney(claims, gateway, (money) => claim.session.settle(money));
    return {
      deliveries,
      claims,
      acknowledge: async (written) => {
        await claim.session.acknowledge(
          written.map((c) => ({ ...toRef(c), version: c.order.version })),
        );
      },
      dispose: () => claim[Symbol.dispose](),
    };
  } catch (error) {
    log("orders.claim_failed", { skuId: address.skuId, cause: causeOf(error) });
    retry(deliveries);
    return undefined;
  }
}

const toRef = ({ userId, orderId }: { userId: string; orderId: string }) => ({ userId, orderId });

/** Twice at most: a charge that finds its units gone leaves a refund to be made, and that is the end. */
async function settleMoney(
  claims: Map<string, Claim>,
  gateway: PaymentGateway,
  settle: (money: SettledMoney[]) => Promise<Claim[]>,
): Promise<void> {
  let due = [...claims.values()].filter(({ step }) => step !== "none");
  for (let round = 0; round < 2 && due.length > 0; round += 1) {
    const outcomes = await Promise.all(
      due.map(async (claim) => ({ claim, money: await takeMoneyStep(gateway, claim) })),
    );
    const settled = outcomes.flatMap(({ claim, money }) =>
      money ? [{ ...toRef(claim), money }] : [],
    );
    if (settled.length === 0) return;
    due = [];
    for (const claim of await settle(settled)) {
      const voided = settled.some(
        (s) => s.orderId === claim.orderId && s.money.outcome === "voided",
      );
      claims.set(claim.orderId, voided ? { ...claim, step: "none" } : claim);
      if (claim.step === "refund") due.push(claim);
    }
  }
}

/** An order whose money is still open is readable, but not acknowledged: it comes again. */
async function acknowledgeGroup(group: ClaimedGroup): Promise<void> {
  const finished = [...group.claims.values()].filter(({ step }) => step === "none");
  try {
    if (finished.length > 0) await group.acknowledge(finished);
    const done = new Set(finished.map(({ orderId }) => orderId));
    for (const { message, body } of group.deliveries) {
      if (done.has(body.orderId)) message.ack();
      else retry([{ message, body }]);
    }
  } catch (error) {
    log("orders.acknowledge_failed", { count: group.deliveries.length, cause: causeOf(error) });
    retry(group.deliveries);
  }
}

function retry(deliveries: Delivery[]): void {
  for (const { message } of deliveries) {
    message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
  }
}

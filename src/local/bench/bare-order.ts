// The bare order: the least that any shop must do for one, in its plainest form. One JWT verification, one call of the rate-limit
// binding, two rate limits in one Redis round trip, one call of an object, one queue message, and a consumer that publishes the
// order in Redis and confirms it. Its answer has the headers and fields of Doorbuster's. Without a line, lanes, other switches,
// money, versions, metrics, or a log.
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis/cloudflare";
import { type Context, Hono } from "hono";
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import { addressOf, userOf } from "./bare-caller.ts";
import type { BareOrder, BareShop, BareShopEnv } from "./bare-shop.ts";
import { cannedAnswer } from "./canned.ts";

export interface BareBindings extends BareShopEnv {
  BARE: DurableObjectNamespace<BareShop>;
  /** A queue that nobody reads, for orders at the object alone. */
  UNREAD: Queue<BareOrder>;
  FLOOD_SHIELD: RateLimit;
  AUTH_SECRET: string;
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
}

type AppContext = Context<{ Bindings: BareBindings }>;

/** The same algorithm and limits as the benchmark's sale. */
const LIMITS = {
  user: Ratelimit.fixedWindow(100_000, "60 s"),
  address: Ratelimit.fixedWindow(1_000, "10 s"),
};

const redisOf = (env: BareBindings) =>
  new Redis({
    url: env.UPSTASH_REDIS_REST_URL,
    token: env.UPSTASH_REDIS_REST_TOKEN,
    enableTelemetry: false,
  });

async function isWithinLimits(c: AppContext, user: string): Promise<boolean> {
  const redis = redisOf(c.env);
  const check = (name: keyof typeof LIMITS, caller: string) => {
    const options = { prefix: `comparator:${name}`, ephemeralCache: false as const, timeout: 0 };
    return new Ratelimit({ redis, limiter: LIMITS[name], ...options }).limit(caller);
  };
  // Both start in the same tick, so the client sends them in one pipeline.
  const answers = await Promise.all([check("user", user), check("address", addressOf(c))]);
  return answers.every(({ success }) => success);
}

export const bareOrderRoutes = new Hono<{ Bindings: BareBindings }>();

bareOrderRoutes.post("/order", async (c) => {
  const userId = await userOf(c, c.env.AUTH_SECRET);
  if (userId === undefined) return c.json({ code: "unauthenticated" }, 401);
  const { quantity } = await c.req.json<{ quantity: number }>();
  const key = c.req.header("idempotency-key");
  if (key === undefined || !Number.isInteger(quantity) || quantity < 1) {
    return c.json({ code: "invalid_request" }, 400);
  }
  const { success } = await c.env.FLOOD_SHIELD.limit({ key: userId });
  if (!success) return c.json({ code: "rate_limited" }, 429);
  if (!(await isWithinLimits(c, userId))) return c.json({ code: "rate_limited" }, 429);
  const answer = await c.env.BARE.getByName("orders").reserve({ userId, key, quantity });
  if (!answer.ok) return c.json({ code: answer.code }, 409);
  // Like Doorbuster, it responds without waiting for the queue.
  if (answer.isNew) c.executionCtx.waitUntil(c.env.BARE_ORDERS.send(answer.order));
  const { json, headers } = cannedAnswer();
  const location = `/orders/${answer.order.id}`;
  return c.json({ ...json, ...answer.order }, 202, { ...headers, location });
});

/** An order at the object alone. */
bareOrderRoutes.post("/bare-reserve", async (c) => {
  const { userId, idempotencyKey: key, quantity } = await c.req.json<ReserveCommand>();
  const answer = await c.env.BARE.getByName("alone").reserve({ userId, key, quantity });
  if (!answer.ok) return c.json({ code: answer.code }, 409);
  c.executionCtx.waitUntil(c.env.UNREAD.send(answer.order));
  return c.json(answer.order, 202);
});

bareOrderRoutes.get("/unsettled", async (c) =>
  c.json(await c.env.BARE.getByName("orders").unsettled()),
);

/** Publishes a batch of orders in Redis, and confirms them. */
export async function settleBareOrders(
  batch: MessageBatch<BareOrder>,
  env: BareBindings,
): Promise<void> {
  const orders = batch.messages.map(({ body }) => body);
  const pipeline = redisOf(env).pipeline();
  for (const order of orders) {
    const confirmed = { ...order, status: "confirmed" };
    pipeline.hset(`comparator:orders:${order.userId}`, { [order.id]: confirmed });
  }
  await pipeline.exec();
  await env.BARE.getByName("orders").confirm(orders);
  batch.ackAll();
}

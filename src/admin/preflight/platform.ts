// The checks of what the deployment itself consists of: objects, caches, Redis, queues, clocks.
import { lineOf } from "../../admission/client.ts";
import { lineSettings } from "../../admission/settings.ts";
import { type CatalogEntry, saleState } from "../../catalog/schema.ts";
import { registryOf } from "../../catalog/store.ts";
import { effectiveSwitches } from "../../catalog/switches.ts";
import type { Config } from "../../config/config.ts";
import type { AppContext } from "../../http/request.ts";
import { atObject } from "../../inventory/client.ts";
import type { EventMessage } from "../../inventory/messages.ts";
import { newOrderId, ROOT } from "../../inventory/order-id.ts";
import { withRedis } from "../../redis/client.ts";
import { withTimeLimit } from "../../time-limit.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

type Scope = AppContext["var"]["scope"];

export async function checkSale({ sale }: CatalogEntry): Promise<Finding> {
  const { opensAt, closesAt } = sale;
  const state = saleState(sale, Date.now());
  if (state === "closed") return fail(`it closed at ${closesAt}`, "Move closesAt");
  return ok(state === "open" ? `it is open until ${closesAt}` : `it opens at ${opensAt}`);
}

/** A switch that was forgotten would keep a sale from selling. */
export async function checkSwitches({ env }: Scope, { sale }: CatalogEntry): Promise<Finding> {
  using registered = await registryOf(env).switches();
  const set = (sku?: string) =>
    effectiveSwitches(registered.switches, Date.now(), { sale: sale.id, ...(sku && { sku }) });
  const { paused, readOnly, paymentsPaused, ...others } = set();
  const closed = sale.skus.filter(({ id }) => set(id).closed);
  const todo = "Turn it off: PUT /api/admin/switches";
  if (paused) return fail("the sale is paused", todo);
  if (readOnly) return fail("no orders are taken anywhere (readOnly)", todo);
  if (paymentsPaused) return fail("payments are paused", todo);
  if (closed.length > 0) return warn(`closed: ${closed.map(({ id }) => id).join(", ")}`, todo);
  const names = Object.keys(others);
  return names.length > 0
    ? warn(`set: ${names.join(", ")}`, "Check that this is still wanted")
    : ok("none is set");
}

/** Wakes the objects of the SKUs and of the line, and compares what they sell with the document. */
export async function checkObjects({ env }: Scope, entry: CatalogEntry): Promise<Finding> {
  const { sale, revision } = entry;
  const reports = await Promise.all(
    sale.skus.map(({ id }) => atObject(env, id, (object) => object.report())),
  );
  const todo = "Save the sale again";
  const behind = sale.skus.filter((_, at) => (reports[at]?.revision ?? 0) < revision);
  if (behind.length > 0) {
    return fail(`not up to date: ${behind.map(({ id }) => id).join(", ")}`, todo);
  }
  if (lineSettings(sale) && !(await lineOf(env, sale.id).operatorReport())) {
    return fail("the object of the line does not know the sale", todo);
  }
  const free = reports.reduce((sum, report) => sum + (report?.available ?? 0), 0);
  const stocked = reports.reduce((sum, report) => sum + (report?.stocked ?? 0), 0);
  if (free === 0) return warn(`none of ${stocked} units is free`, "Restock, if that is wrong");
  return ok(`${reports.length} SKUs are awake, and ${free} of ${stocked} units are free`);
}

/** Writes, reads and measures. A database that evicts keys would lose dead letters and automatic blocks. */
export async function checkRedis(config: Config): Promise<Finding> {
  const { policy, milliseconds } = await withRedis(
    config,
    "redis-background",
    async (redis, keys) => {
      await redis.set(keys.ready, "1", { ex: 60 });
      const startedAt = Date.now();
      const stored = await redis.get(keys.ready);
      const milliseconds = Date.now() - startedAt;
      if (stored === null) throw new Error("a value that was written cannot be read");
      // Not every provider tells.
      const memory = await redis
        .eval<[], string>("return redis.call('INFO', 'memory')", [], [])
        .catch(() => "");
      return { policy: /maxmemory_policy:(\S+)/.exec(memory)?.[1], milliseconds };
    },
  );
  const detail = `writable, ${milliseconds} ms a round trip`;
  const { limitMs } = config.BREAKERS.redis;
  if (milliseconds > limitMs) {
    return fail(
      `${detail}; buyers' requests wait for ${limitMs} ms at most`,
      "Place the database near the buyers",
    );
  }
  if (policy !== undefined && policy !== "noeviction") {
    return warn(`${detail}; it evicts keys when it is full (${policy})`, "Turn eviction off");
  }
  return ok(policy ? `${detail}, without eviction` : `${detail}; whether it evicts is not known`);
}

/** Older than this, messages wait too long. */
const OLD_MS = 60_000;

/** Sends a message that concerns no order, and reads how long the queues are. */
export async function checkQueues({ env }: Scope, { sale }: CatalogEntry): Promise<Finding> {
  const address = { skuId: sale.skus[0]?.id as string, lane: ROOT };
  const order = { userId: "preflight", orderId: newOrderId(address) };
  // Its consumer asks the object about the order, which it does not have, and is done.
  const message: EventMessage = { v: 1, ...address, ...order, kind: "news" };
  await env.WEBHOOKS.send(message);
  const queues = { orders: env.ORDERS, payments: env.DUE_PAYMENTS, webhooks: env.WEBHOOKS };
  const metrics = await Promise.all(
    Object.entries(queues).map(async ([name, queue]) => ({ name, ...(await queue.metrics()) })),
  );
  const late = metrics.filter(
    ({ oldestMessageTimestamp: oldest }) => oldest && Date.now() - Number(oldest) > OLD_MS,
  );
  const detail = metrics.map(({ name, backlogCount }) => `${name} ${backlogCount}`).join(", ");
  return late.length === 0
    ? ok(`a message was sent; waiting: ${detail}`)
    : warn(
        `messages wait for more than a minute: ${late.map(({ name }) => name).join(", ")}`,
        "Look at the consumers' errors in Cloudflare's dashboard",
      );
}

/** Differences in milliseconds. A `Date` header has whole seconds. */
const NOTABLE_MS = 1_000;
const WRONG_MS = 10_000;
const HEADER_MS = 1_000;
const HEADER_LIMIT_MS = 3_000;

/** Compares the clock with that of Redis and with the `Date` header of a provider. */
export async function checkClock(config: Config): Promise<Finding> {
  const [redis, provider] = await Promise.allSettled([redisOffset(config), headerOffset(config)]);
  const offsets = [redis, provider].flatMap((each) =>
    each.status === "fulfilled" && each.value !== undefined ? [each.value] : [],
  );
  if (offsets.length === 0) {
    return warn("neither Redis nor a provider told the time", "See the other checks");
  }
  const largest = Math.max(...offsets.map(Math.abs));
  const detail = `differs from others by ${Math.round(largest)} ms at most`;
  const todo = "Find out whose clock is wrong: opening times and signatures depend on it";
  if (largest > WRONG_MS) return fail(detail, todo);
  return largest > NOTABLE_MS ? warn(detail, todo) : ok(detail);
}

const redisOffset = (config: Config): Promise<number> =>
  withRedis(config, "redis-background", async (redis) => {
    const startedAt = Date.now();
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1_000 + Number(micros) / 1_000 - (startedAt + Date.now()) / 2;
  });

/** Undefined if no provider is configured, or it sends no date. */
async function headerOffset(config: Config): Promise<number | undefined> {
  const url =
    config.PAYMENTS === "stripe"
      ? (config.STRIPE_API_URL ?? "https://api.stripe.com")
      : config.TURNSTILE_SECRET && config.TURNSTILE_VERIFY_URL;
  if (!url) return undefined;
  const startedAt = Date.now();
  const response = await withTimeLimit(HEADER_LIMIT_MS, (signal) =>
    fetch(url, { method: "HEAD", redirect: "manual", signal }),
  );
  const date = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(date)) return undefined;
  const offset = date + HEADER_MS / 2 - (startedAt + Date.now()) / 2;
  return Math.sign(offset) * Math.max(0, Math.abs(offset) - HEADER_MS / 2);
}

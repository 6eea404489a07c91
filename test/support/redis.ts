// The Redis behind the tests: read past the Worker, counted, broken and mended.
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config.ts";
import { flightsUnderWay } from "../../src/edge/single-flight.ts";
import { VERSION_FIELD } from "../../src/funnel/rule-store.ts";
import { type Order, orderSchema } from "../../src/inventory/order.ts";
import { resetRedisBreaker } from "../../src/redis/client.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { readVersioned } from "../../src/redis/versioned.ts";
import type { ServiceBindings } from "../setup/services.ts";

/** How tests reach what the Worker under test talks to. */
export const services = env as unknown as ServiceBindings;

/** The keys of the instance under test. */
export const KEYS = keysOf(requireConfig(env));

async function bridge<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(path, services.UPSTASH_REDIS_REST_URL), {
    method,
    headers: { authorization: `Bearer ${services.UPSTASH_REDIS_REST_TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`the bridge said ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** One command, as redis-cli would run it. */
export async function redis<T>(...command: (string | number)[]): Promise<T> {
  return (await bridge<{ result: T }>("POST", "/", command)).result;
}

/** Given the Redis of an instance that has sold nothing yet. */
export async function emptyRedis(): Promise<void> {
  await redis("FLUSHALL");
  // An edge that finds not even this asks the registry what was lost.
  await redis("HSET", KEYS.rules, VERSION_FIELD, "");
}

interface Cost {
  roundTrips: number;
  commands: number;
}

const asked = (): Promise<Cost> => bridge<Cost>("GET", "/_local/stats");

/** Waits until earlier requests neither refresh nor write anything behind their answers. */
async function redisIsQuiet(): Promise<void> {
  let before = -1;
  await vi.waitUntil(
    async () => {
      const { commands } = await asked();
      const isQuiet = flightsUnderWay() === 0 && commands === before;
      before = commands;
      return isQuiet;
    },
    { timeout: 20_000 },
  );
}

/** How much Redis was asked while `work` ran: without what earlier requests still do behind their answers. */
export async function redisCost<T>(work: () => Promise<T>): Promise<{ result: T } & Cost> {
  await redisIsQuiet();
  await bridge("DELETE", "/_local/stats");
  const result = await work();
  return { result, ...(await asked()) };
}

/** Given a Redis that does not answer, until `redisIsBack` or the end of the test. */
export async function redisIsDown(): Promise<void> {
  onTestFinished(redisIsBack);
  await bridge("POST", "/_local/fault", { mode: "down" });
}

/** Given a Redis that answers, but so many milliseconds late. */
export async function redisIsSlow(delayMs: number): Promise<void> {
  onTestFinished(redisIsBack);
  await bridge("POST", "/_local/fault", { mode: "slow", delayMs });
}

const WRITES = /"(hset|hdel|del|set|eval|evalsha)"/i;

/** Given a Redis that answers reads, but refuses writes, as a replica does or one that is full. */
export function redisRefusesWrites(): { mockRestore(): void } {
  const send = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const text = typeof init?.body === "string" ? init.body : "[]";
    if (!WRITES.test(text)) return send(input, init);
    const error = { error: "READONLY You can't write against a read only replica." };
    const commands: unknown[] = JSON.parse(text);
    return Array.isArray(commands[0])
      ? Response.json(commands.map(() => error))
      : Response.json(error, { status: 400 });
  });
  onTestFinished(() => spy.mockRestore());
  return spy;
}

/** Redis answers again; nobody has noticed yet. */
export async function clearRedisFault(): Promise<void> {
  await bridge("POST", "/_local/fault", { mode: "none" });
}

/** Mended, and this isolate's breaker has noticed: what a few seconds do in production. */
export async function redisIsBack(): Promise<void> {
  await clearRedisFault();
  resetRedisBreaker();
}

/** A user's orders as the read model has them. */
export async function readModelOf(userId: string): Promise<Order[]> {
  const texts = await redis<string[]>("HVALS", KEYS.ordersOf(userId));
  return texts.map((text) => orderSchema.parse(readVersioned(text)?.value));
}

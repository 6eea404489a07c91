// Gives tests direct access to Redis, counts its commands, and injects faults.
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config.ts";
import { flightsUnderWay } from "../../src/edge/single-flight.ts";
import { VERSION_FIELD } from "../../src/funnel/rule-copy.ts";
import { type Order, orderSchema } from "../../src/inventory/order.ts";
import { resetRedisBreaker } from "../../src/redis/client.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { readVersioned } from "../../src/redis/versioned.ts";
import type { ServiceBindings } from "../setup/services.ts";

/** The bindings of the services that the Worker under test uses. */
export const services = env as unknown as ServiceBindings;

/** The Redis keys of the instance under test. */
export const KEYS = keysOf(requireConfig(env));

async function bridge<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(path, services.UPSTASH_REDIS_REST_URL), {
    method,
    headers: { authorization: `Bearer ${services.UPSTASH_REDIS_REST_TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    throw new Error(`the bridge returned ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as T;
}

/** Runs one Redis command, bypassing the Worker. */
export async function redis<T>(...command: (string | number)[]): Promise<T> {
  return (await bridge<{ result: T }>("POST", "/", command)).result;
}

/** Resets Redis to the state of an instance that has sold nothing yet. */
export async function emptyRedis(): Promise<void> {
  await redis("FLUSHALL");
  // Without this mark, the edge assumes that Redis was emptied and reads the rules from the registry.
  await redis("HSET", KEYS.rules, VERSION_FIELD, "");
}

interface Cost {
  roundTrips: number;
  commands: number;
}

const readCost = (): Promise<Cost> => bridge<Cost>("GET", "/_local/stats");

/** Waits until earlier requests have finished the work that they do after their responses. */
async function redisIsQuiet(): Promise<void> {
  let before = -1;
  await vi.waitUntil(
    async () => {
      const { commands } = await readCost();
      const isQuiet = flightsUnderWay() === 0 && commands === before;
      before = commands;
      return isQuiet;
    },
    { timeout: 20_000 },
  );
}

/** Counts the Redis requests of `work`. Excludes work that earlier requests do after their responses. */
export async function redisCost<T>(work: () => Promise<T>): Promise<{ result: T } & Cost> {
  await redisIsQuiet();
  await bridge("DELETE", "/_local/stats");
  const result = await work();
  return { result, ...(await readCost()) };
}

/** Makes Redis unreachable until `redisIsBack` or the end of the test. */
export async function redisIsDown(): Promise<void> {
  onTestFinished(redisIsBack);
  await bridge("POST", "/_local/fault", { mode: "down" });
}

/** Delays every Redis response by `delayMs` until `redisIsBack` or the end of the test. */
export async function redisIsSlow(delayMs: number): Promise<void> {
  onTestFinished(redisIsBack);
  await bridge("POST", "/_local/fault", { mode: "slow", delayMs });
}

const WRITES = /"(hset|hdel|del|set|eval|evalsha)"/i;

/** Makes Redis refuse writes, as a read-only replica or a full database does, until the end of the test. */
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

/** Ends the current fault. The circuit breaker stays open. */
export async function clearRedisFault(): Promise<void> {
  await bridge("POST", "/_local/fault", { mode: "none" });
}

/** Ends the current fault and closes this isolate's circuit breaker, which takes a few seconds in production. */
export async function redisIsBack(): Promise<void> {
  await clearRedisFault();
  resetRedisBreaker();
}

/** Reads a user's orders from the read model. */
export async function readModelOf(userId: string): Promise<Order[]> {
  const texts = await redis<string[]>("HVALS", KEYS.ordersOf(userId));
  return texts.map((text) => orderSchema.parse(readVersioned(text)?.value));
}

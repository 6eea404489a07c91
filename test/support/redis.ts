// Gives tests direct access to Redis, counts its commands, and injects faults.
import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { flightsUnderWay } from "../../src/edge/single-flight.ts";
import { VERSION_FIELD } from "../../src/funnel/rule-copy.ts";
import worker from "../../src/index.ts";
import { type Order, orderSchema } from "../../src/inventory/order.ts";
import { resetRedisBreaker } from "../../src/redis/client.ts";
import { keysOf, RULES_FIELD } from "../../src/redis/keys.ts";
import { readVersioned } from "../../src/redis/versioned.ts";
import type { ServiceBindings } from "../setup/services.ts";
import { givenLimits } from "./limits.ts";

/** The bindings of the services that the Worker under test uses. */
export const services = env as unknown as ServiceBindings;

/** The Redis keys of the instance under test. */
export const KEYS = keysOf(requireConfig(env));

/** The requests of tests themselves. Not counted, and not seen by a test that replaces `fetch`. */
const send = globalThis.fetch;

async function bridge<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(new URL(path, services.UPSTASH_REDIS_REST_URL), {
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
  // Without these, the edge assumes that Redis was emptied and reads the rules from the registry.
  await redis("HSET", KEYS.rules, VERSION_FIELD, "");
  await redis("HSET", KEYS.live, RULES_FIELD, crypto.randomUUID());
}

interface Cost {
  roundTrips: number;
  commands: number;
}

/** The cost under measurement, in the async context of the measured work and of the requests that it sends. */
const measured = new AsyncLocalStorage<Cost>();
/** The same for requests on their way to the Worker, which starts each in a new context. */
let measurement: Cost | undefined;

const handle = worker.fetch;
worker.fetch = (...args) =>
  measurement ? measured.run(measurement, () => handle(...args)) : handle(...args);

globalThis.fetch = (input, init) => {
  const cost = measured.getStore();
  if (cost && String(input).startsWith(services.UPSTASH_REDIS_REST_URL)) {
    const body: unknown[] = JSON.parse(String(init?.body));
    cost.roundTrips += 1;
    cost.commands += Array.isArray(body[0]) ? body.length : 1;
  }
  return send(input, init);
};

/**
 * Counts the Redis requests of `work` and of the requests that it sends to the Worker. Nothing else counts, whenever it
 * runs: earlier requests after their responses, objects that publish, alarms, and consumers.
 */
export async function redisCost<T>(work: () => Promise<T>): Promise<{ result: T } & Cost> {
  // A refresh that an earlier request started must have ended, or `work` would wait for it, or repeat it.
  await vi.waitUntil(() => flightsUnderWay() === 0, { timeout: 60_000 });
  const cost: Cost = { roundTrips: 0, commands: 0 };
  measurement = cost;
  try {
    const result = await measured.run(cost, work);
    return { result, ...cost };
  } finally {
    measurement = undefined;
  }
}

/** Makes Redis unreachable until `redisIsBack` or the end of the test. */
export async function redisIsDown(): Promise<void> {
  onTestFinished(redisIsBack);
  await bridge("POST", "/_local/fault", { mode: "down" });
}

/** How long buyers wait for Redis by default: milliseconds. */
export const BUYERS_WAIT_MS = 300;
let waitAsUsual = (): void => {};

/** Delays every Redis response by `delayMs`, with the default limits, until `redisIsBack` or the end of the test. */
export async function redisIsSlow(delayMs: number): Promise<void> {
  waitAsUsual = givenLimits("redis", { limitMs: BUYERS_WAIT_MS });
  onTestFinished(redisIsBack);
  await bridge("POST", "/_local/fault", { mode: "slow", delayMs });
}

const WRITES = /"(hset|hdel|del|set|eval|evalsha)"/i;

/** Makes Redis refuse writes, as a read-only replica or a full database does, until the end of the test. */
export function redisRefusesWrites(): { mockRestore(): void } {
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const text = typeof init?.body === "string" ? init.body : "[]";
    if (!WRITES.test(text)) return real(input, init);
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
  waitAsUsual();
  resetRedisBreaker();
}

/** Reads a user's orders from the read model. */
export async function readModelOf(userId: string): Promise<Order[]> {
  const texts = await redis<string[]>("HVALS", KEYS.ordersOf(userId));
  return texts.map((text) => orderSchema.parse(readVersioned(text)?.value));
}

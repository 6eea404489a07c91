// Shared setup for tests of the local stack: a Redis in a temporary directory, a bridge in front of it, and clients
// of both.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis as Upstash } from "@upstash/redis";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { startBridge } from "../../src/local/redis/bridge/server.ts";
import { startRedis } from "../../src/local/redis/start-redis.ts";

export const TOKEN = "test-token";
export const BASE64 = { "upstash-encoding": "base64" };
/** In milliseconds. The first start on a machine downloads Redis. */
export const START_TIMEOUT = 120_000;

export interface BridgeResponse {
  status: number;
  body: unknown;
  headers: Headers;
}

export function makeTempDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), "doorbuster-test-"));
}

/** Sends a raw request to a bridge. */
export async function send(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  method = "POST",
): Promise<BridgeResponse> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** Creates an @upstash/redis client without retries. */
export function upstash(url: string, automaticDeserialization = true): Upstash {
  return new Upstash({ url, token: TOKEN, retry: { retries: 0 }, automaticDeserialization });
}

/** Upstash's error message for a command that does not exist or is not available over HTTP. */
export function unavailable(name: string): string {
  return `ERR Command is not available: '${name}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** Starts one stack for all tests of a file and empties its Redis before each test. */
export function useStack(): Stack {
  const stack = {} as Stack; // filled in before the first test
  beforeAll(async () => {
    Object.assign(stack, await startStack());
  }, START_TIMEOUT);
  beforeEach(async () => {
    await stack.direct.flushall();
  });
  afterAll(() => stack.stop());
  return stack;
}

/** Starts a new stack for each test. For tests that break it. */
export function useStackPerTest(): Stack {
  const stack = {} as Stack; // filled in before each test
  beforeEach(async () => {
    Object.assign(stack, await startStack());
  }, START_TIMEOUT);
  afterEach(() => stack.stop());
  return stack;
}

async function startStack() {
  const dataDir = await makeTempDir();
  const redis = await startRedis({ dataDir });
  const bridge = await startBridge({ redisUrl: redis.url, token: TOKEN });
  const direct = new Redis(redis.url);
  return {
    dataDir,
    redis,
    bridge,
    /** A client of Redis that bypasses the bridge. */
    direct,
    /** Sends a POST request to the bridge. */
    post: (path: string, body: unknown, headers?: Record<string, string>) =>
      send(bridge.url + path, body, headers),
    async stop() {
      direct.disconnect();
      await bridge.stop();
      await this.redis.stop(); // a test may have replaced it
      await rm(dataDir, { recursive: true });
    },
  };
}

// The local Redis server: persistence, startup errors, and shutdown.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { Redis } from "ioredis";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { findRedis } from "../../../src/local/redis/find-redis.ts";
import { type LocalRedis, provideRedis, startRedis } from "../../../src/local/redis/start-redis.ts";
import { makeTempDir, START_TIMEOUT } from "../stack.ts";

const MODULE = new URL("../../../src/local/redis/start-redis.ts", import.meta.url).href;
let dataDir: string;
let running: LocalRedis[];

beforeAll(async () => {
  await findRedis(() => {});
}, START_TIMEOUT);

beforeEach(async () => {
  dataDir = await makeTempDir();
  running = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const redis of running) await redis.stop();
  await rm(dataDir, { recursive: true });
});

async function start(port?: number): Promise<LocalRedis> {
  const redis = await startRedis({ dataDir, ...(port !== undefined && { port }) });
  running.push(redis);
  return redis;
}

/** Runs one command on a new connection. */
async function command(url: string, name: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(url, { retryStrategy: null, maxRetriesPerRequest: 0 });
  client.on("error", () => {});
  try {
    return await client.call(name, args);
  } finally {
    client.disconnect();
  }
}

test("retains its data across a restart", async () => {
  const first = await start();
  await command(first.url, "SET", "key", "value");
  await first.stop();
  const second = await start();
  expect(await command(second.url, "GET", "key")).toBe("value");
});

test("retains every acknowledged write when it is killed", async () => {
  const first = await start();
  await command(first.url, "SET", "key", "value");
  const info = String(await command(first.url, "INFO", "server"));
  process.kill(Number(info.match(/process_id:(\d+)/)?.[1]), "SIGKILL");
  expect(await first.exited).toMatch("SIGKILL");
  const second = await start();
  expect(await command(second.url, "GET", "key")).toBe("value");
});

test("accepts connections from loopback only and persists to the append-only file only", async () => {
  const { url } = await start();
  expect(await command(url, "CONFIG", "GET", "bind")).toEqual(["bind", "127.0.0.1"]);
  expect(await command(url, "CONFIG", "GET", "save")).toEqual(["save", ""]);
  expect(await command(url, "CONFIG", "GET", "appendonly")).toEqual(["appendonly", "yes"]);
  // With `everysec`, a kill could lose an acknowledged write that Redis has not written yet.
  expect(await command(url, "CONFIG", "GET", "appendfsync")).toEqual(["appendfsync", "no"]);
});

test("reports when Redis exits on its own", async () => {
  const redis = await start();
  await command(redis.url, "SHUTDOWN").catch(() => {});
  expect(await redis.exited).toMatch("Redis exited with code 0");
  await redis.stop(); // does nothing
});

test("fails to start on a port in use and reports why", async () => {
  const { url } = await start();
  const other = await makeTempDir();
  const second = startRedis({ dataDir: other, port: Number(new URL(url).port) });
  await expect(second).rejects.toThrow(/address already in use/i);
  await rm(other, { recursive: true });
});

test.runIf(process.platform === "linux")(
  "fails to start in a data directory in use",
  async () => {
    const { url } = await start();
    await expect(startRedis({ dataDir })).rejects.toThrow("data directory in use");
    expect(await command(url, "PING")).toBe("PONG");
  },
  20_000,
);

test("stops when the process that started it is killed, so that the next start gets the data", async () => {
  const program = `
    const { startRedis } = await import(${JSON.stringify(MODULE)});
    const { url } = await startRedis({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(url);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = String((await once(parent.stdout, "data"))[0]).trim();
  await command(url, "SET", "key", "value");
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await vi.waitFor(() => expect(command(url, "PING")).rejects.toThrow(), { timeout: 60_000 });
  const next = await start();
  expect(await command(next.url, "GET", "key")).toBe("value");
});

test("uses REDIS_URL if it is set, and otherwise starts a server", async () => {
  vi.stubEnv("REDIS_URL", "redis://elsewhere:6379");
  const redis = await provideRedis({ dataDir });
  expect(redis.url).toBe("redis://elsewhere:6379");
  await redis.stop();
  vi.stubEnv("REDIS_URL", "");
  running.push(await provideRedis({ dataDir }));
  expect(await command(running[0]?.url ?? "", "PING")).toBe("PONG");
});

// The local Redis: where its data lives, how it starts, and how it ends.
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

/** Runs one command on a connection of its own. */
async function command(url: string, name: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(url, { retryStrategy: null, maxRetriesPerRequest: 0 });
  client.on("error", () => {});
  try {
    return await client.call(name, args);
  } finally {
    client.disconnect();
  }
}

test("data survives a restart", async () => {
  const first = await start();
  await command(first.url, "SET", "key", "value");
  await first.stop();
  const second = await start();
  expect(await command(second.url, "GET", "key")).toBe("value");
});

test("what was answered survives a kill", async () => {
  const first = await start();
  await command(first.url, "SET", "key", "value");
  const info = String(await command(first.url, "INFO", "server"));
  process.kill(Number(info.match(/process_id:(\d+)/)?.[1]), "SIGKILL");
  expect(await first.exited).toMatch("SIGKILL");
  const second = await start();
  expect(await command(second.url, "GET", "key")).toBe("value");
});

test("only this machine can connect, and only the append-only file persists", async () => {
  const { url } = await start();
  expect(await command(url, "CONFIG", "GET", "bind")).toEqual(["bind", "127.0.0.1"]);
  expect(await command(url, "CONFIG", "GET", "save")).toEqual(["save", ""]);
  expect(await command(url, "CONFIG", "GET", "appendonly")).toEqual(["appendonly", "yes"]);
  // With `everysec` an answered write could still be Redis's alone when it is killed.
  expect(await command(url, "CONFIG", "GET", "appendfsync")).toEqual(["appendfsync", "no"]);
});

test("tells when Redis ends by itself", async () => {
  const redis = await start();
  await command(redis.url, "SHUTDOWN").catch(() => {});
  expect(await redis.exited).toMatch("Redis ended with code 0");
  await redis.stop(); // and stopping what has ended is fine
});

test("a taken port is refused with a reason", async () => {
  const { url } = await start();
  const other = await makeTempDir();
  const second = startRedis({ dataDir: other, port: Number(new URL(url).port) });
  await expect(second).rejects.toThrow(/address already in use/i);
  await rm(other, { recursive: true });
});

test.runIf(process.platform === "linux")(
  "a folder in use is refused",
  async () => {
    const { url } = await start();
    await expect(startRedis({ dataDir })).rejects.toThrow("data folder in use");
    expect(await command(url, "PING")).toBe("PONG");
  },
  20_000,
);

test("ends with the process that started it, and the next start takes over", async () => {
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
  await vi.waitFor(() => expect(command(url, "PING")).rejects.toThrow(), { timeout: 10_000 });
  const next = await start();
  expect(await command(next.url, "GET", "key")).toBe("value");
}, 20_000);

test("REDIS_URL is used as it is, and nothing is started", async () => {
  vi.stubEnv("REDIS_URL", "redis://elsewhere:6379");
  const redis = await provideRedis({ dataDir });
  expect(redis.url).toBe("redis://elsewhere:6379");
  await redis.stop();
  vi.stubEnv("REDIS_URL", "");
  running.push(await provideRedis({ dataDir }));
  expect(await command(running[0]?.url ?? "", "PING")).toBe("PONG");
});

// Finding a Redis server: what is on PATH, else the distribution's packages, else a helpful error.
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findRedis, onPath } from "../../../src/local/redis/find-redis.ts";
import { startRedis } from "../../../src/local/redis/start-redis.ts";
import { makeTempDir, START_TIMEOUT } from "../stack.ts";

const installed = (await onPath("redis-server")) ?? (await onPath("valkey-server"));
const hasPackages = (await onPath("apt-get")) !== undefined;
let folder: string;

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe("on PATH", () => {
  async function program(name: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, "");
    await chmod(file, 0o755);
    return file;
  }

  test("redis-server comes first, then valkey-server", async () => {
    vi.stubEnv("PATH", folder);
    const valkey = await program("valkey-server");
    expect(await findRedis(() => {})).toEqual({ command: valkey });
    const redis = await program("redis-server");
    expect(await findRedis(() => {})).toEqual({ command: redis });
  });

  test("without any, and without a way to get one, the error says what to install", async () => {
    vi.stubEnv("PATH", folder);
    vi.stubEnv("XDG_CACHE_HOME", folder);
    await expect(findRedis(() => {})).rejects.toThrow(/apt-get install redis-server.*REDIS_URL/s);
    const left = await readdir(join(folder, "doorbuster")).catch(() => []);
    expect(left).toEqual([]);
  });
});

describe.skipIf(installed || !hasPackages)("from the distribution's packages", () => {
  test(
    "two starts on an empty cache both run, and leave one whole copy",
    async () => {
      const cache = join(folder, "a cache");
      // What a killed run leaves behind must not matter.
      await mkdir(join(cache, "doorbuster/unpacking-killed/root"), { recursive: true });
      vi.stubEnv("XDG_CACHE_HOME", cache);
      const log = vi.fn();
      const started = await Promise.all(
        ["one", "two"].map((name) => startRedis({ dataDir: join(folder, name), log })),
      );
      for (const { url, stop } of started) {
        const client = new Redis(url);
        expect(await client.ping()).toBe("PONG");
        client.disconnect();
        await stop();
      }
      const copies = await readdir(join(cache, "doorbuster"));
      expect(copies.filter((name) => name !== "unpacking-killed")).toHaveLength(1);

      expect(log).toHaveBeenCalledTimes(2);
      await findRedis(log);
      expect(log).toHaveBeenCalledTimes(2); // from the cache, in silence
    },
    START_TIMEOUT,
  );
});

// How a Redis server is found: on PATH, or else in the distribution's packages, or else an error with instructions.
import { chmod, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findRedis } from "../../../src/local/redis/find-redis.ts";
import { startRedis } from "../../../src/local/redis/start-redis.ts";
import { makeTempDir, START_TIMEOUT } from "../stack.ts";

const SERVERS = ["redis-server", "valkey-server"];
let directory: string;

beforeEach(async () => {
  directory = await makeTempDir();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

describe("on PATH", () => {
  async function program(name: string): Promise<string> {
    const file = join(directory, name);
    await writeFile(file, "");
    await chmod(file, 0o755);
    return file;
  }

  test("prefers redis-server to valkey-server", async () => {
    vi.stubEnv("PATH", directory);
    const valkey = await program("valkey-server");
    expect(await findRedis(() => {})).toEqual({ command: valkey });
    const redis = await program("redis-server");
    expect(await findRedis(() => {})).toEqual({ command: redis });
  });

  test("reports what to install if there is no server and no package manager", async () => {
    vi.stubEnv("PATH", directory);
    vi.stubEnv("XDG_CACHE_HOME", directory);
    await expect(findRedis(() => {})).rejects.toThrow(/apt-get install redis-server.*REDIS_URL/s);
    const left = await readdir(join(directory, "doorbuster")).catch(() => []);
    expect(left).toEqual([]);
  });
});

describe("from the distribution's packages", () => {
  /** Sets a PATH with every installed program except the Redis servers. */
  async function hideInstalledServers(): Promise<void> {
    const programs = join(directory, "bin");
    await mkdir(programs);
    for (const source of (process.env.PATH ?? "").split(delimiter)) {
      const names = await readdir(source).catch(() => []);
      for (const name of names.filter((each) => !SERVERS.includes(each))) {
        // The first directory on PATH that has a program wins.
        await symlink(join(source, name), join(programs, name)).catch(() => {});
      }
    }
    vi.stubEnv("PATH", programs);
  }

  test(
    "leaves one complete copy when two processes start with an empty cache",
    async () => {
      await hideInstalledServers();
      const cache = join(directory, "a cache");
      // The leftovers of a killed run must not matter.
      await mkdir(join(cache, "doorbuster/unpacking-killed/root"), { recursive: true });
      vi.stubEnv("XDG_CACHE_HOME", cache);
      const log = vi.fn();
      const started = await Promise.all(
        ["one", "two"].map((name) => startRedis({ dataDir: join(directory, name), log })),
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
      expect(log).toHaveBeenCalledTimes(2); // found in the cache
    },
    START_TIMEOUT,
  );
});

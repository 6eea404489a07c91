// The time and CPU of a cold start: workerd parses and runs the built script, and gives its first answer.
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { buildWorker, startMiniflare, workerOptions } from "../miniflare.ts";
import { median } from "../stats.ts";
import { makeTempDir } from "../temp-dir.ts";
import { workerdCpuMicros } from "./cpu.ts";
import { startRedisThread } from "./spawn-redis-thread.ts";

const BARE = { config: "src/local/bench/bare-worker.toml" };
/** Starts of each Worker. They take turns. */
const STARTS = 9;

/** Medians in milliseconds, from the start of workerd to the first answer. */
export interface ColdStart {
  name: string;
  ms: number;
  /** Of all threads of workerd. NaN if the system does not report it. */
  cpuMs: number;
}

/**
 * The built Worker, and the smallest Hono Worker, whose times are those of workerd itself. The built Worker's include the start of
 * what stands in for its queues and objects.
 */
export async function measureColdStart(): Promise<ColdStart[]> {
  const redis = await startRedisThread(makeTempDir("bench-cold"));
  try {
    const built = workerOptions(await buildWorker(), redis.vars);
    const bare = workerOptions(await buildWorker(BARE), {}, BARE);
    const starts: ColdStart[] = [];
    for (let n = 0; n < STARTS; n += 1) {
      starts.push(await start("the built Worker", built), await start("a bare Hono Worker", bare));
    }
    return starts.slice(0, 2).map(({ name }) => {
      const all = starts.filter((each) => each.name === name);
      return {
        name,
        ms: median(all.map(({ ms }) => ms)),
        cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
      };
    });
  } finally {
    await redis.stop();
  }
}

/** One start. Any answer counts, and that of an unknown path needs no Redis. */
async function start(name: string, options: V4WorkerOptions): Promise<ColdStart> {
  const startedAt = performance.now();
  const miniflare = startMiniflare([options], {
    stateDir: join(makeTempDir("bench-cold"), "worker"),
  });
  try {
    const response = await fetch(new URL("/unknown", await miniflare.ready));
    await response.arrayBuffer();
    if (response.status !== 404) throw new Error(`the first answer was ${response.status}`);
    return { name, ms: performance.now() - startedAt, cpuMs: workerdCpuMicros() / 1_000 };
  } finally {
    await miniflare.dispose();
  }
}

// Starts and stops the thread that runs Redis.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { BridgeStats } from "../redis/bridge/server.ts";
import { LOCAL_BRIDGE_TOKEN } from "../settings.ts";

/** Redis and its REST bridge in a thread. */
export interface RedisThread {
  /** The vars that connect a Worker to this Redis. */
  vars: Record<string, string>;
  /** What the bridge has counted since it started. */
  stats(): Promise<BridgeStats>;
  stop(): Promise<void>;
}

/** Starts the thread. Redis stores its data under `stateDir`. */
export async function startRedisThread(stateDir: string): Promise<RedisThread> {
  const thread = new Worker(join(import.meta.dirname, "redis-thread.ts"), { workerData: stateDir });
  const ended = once(thread, "exit");
  const [{ url, vars }] = await once(thread, "message");
  const headers = { authorization: `Bearer ${LOCAL_BRIDGE_TOKEN}` };
  return {
    vars,
    stats: async () => (await fetch(`${url}/_local/stats`, { headers })).json(),
    async stop() {
      thread.postMessage("stop");
      await ended;
    },
  };
}

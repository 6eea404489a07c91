// The bench's side of the Redis thread.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { BridgeStats } from "../redis/bridge/server.ts";
import { LOCAL_BRIDGE_TOKEN } from "../settings.ts";

/** A Redis with its bridge, somewhere else. */
export interface DistantRedis {
  vars: Record<string, string>;
  stats(): Promise<BridgeStats>;
  stop(): Promise<void>;
}

/** Starts both in a thread, their data under `stateDir`. */
export async function startRedisThread(stateDir: string): Promise<DistantRedis> {
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

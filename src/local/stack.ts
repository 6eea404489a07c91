// Starts a complete local instance: Redis, the REST bridge, fakes of Turnstile and drand, and the built Worker, with all
// state in one directory. Used by rehearse, bench and the journey tests.
import { join } from "node:path";
import { type FakeDrand, startFakeDrand } from "./fakes/drand.ts";
import { startFakeTurnstile } from "./fakes/turnstile.ts";
import { type LocalWorker, startWorker, type WorkerSettings } from "./miniflare.ts";
import { startBridge } from "./redis/bridge/server.ts";
import { startRedis } from "./redis/start-redis.ts";
import { LOCAL_BRIDGE_TOKEN, localVars } from "./settings.ts";

/** Redis with its REST bridge, and the vars that connect a Worker to it. */
export interface RedisWithBridge {
  bridge: Awaited<ReturnType<typeof startBridge>>;
  redisUrl: string;
  vars: Record<string, string>;
  stop(): Promise<void>;
}

/** Redis, and stand-ins for the providers. */
export interface Services extends RedisWithBridge {
  drand: FakeDrand;
}

/** A running instance and its services. */
export interface Stack extends Services {
  worker: LocalWorker;
  url: string;
}

/** Starts Redis and the bridge. Redis stores its data in `stateDir/redis`. */
export async function startRedisWithBridge(stateDir: string): Promise<RedisWithBridge> {
  const redis = await startRedis({ dataDir: join(stateDir, "redis") });
  const bridge = await startBridge({ redisUrl: redis.url, token: LOCAL_BRIDGE_TOKEN });
  const stop = async () => {
    await bridge.stop();
    await redis.stop();
  };
  return { bridge, redisUrl: redis.url, vars: localVars(bridge.url), stop };
}

/** Starts all that a Worker needs, with the vars that connect it. `stop` runs in the reverse order of the start. */
export async function startServices(stateDir: string): Promise<Services> {
  await using parts = new AsyncDisposableStack();
  const redis = await startRedisWithBridge(stateDir);
  parts.defer(redis.stop);
  const turnstile = await startFakeTurnstile();
  parts.defer(turnstile.stop);
  const drand = await startFakeDrand({ period: 1 });
  parts.defer(drand.stop);
  const all = parts.move();
  const vars = { ...redis.vars, ...turnstile.vars, ...drand.vars };
  return { ...redis, drand, vars, stop: () => all.disposeAsync() };
}

/** Starts a complete instance. `vars` override the local defaults. */
export async function startStack(
  settings: Omit<WorkerSettings, "vars"> & { vars?: Record<string, string> },
): Promise<Stack> {
  await using parts = new AsyncDisposableStack();
  const services = await startServices(settings.stateDir);
  parts.defer(services.stop);
  const stateDir = join(settings.stateDir, "worker");
  const vars = { ...services.vars, ...settings.vars };
  const worker = await startWorker({ ...settings, stateDir, vars });
  parts.defer(worker.stop);
  const all = parts.move();
  return { ...services, worker, url: worker.url, stop: () => all.disposeAsync() };
}

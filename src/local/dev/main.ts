// `npm run dev`: runs Redis, the bridge and the Worker as one program with one log. It prints `Ready on …` once a
// purchase would succeed. It stops every process that it started, however it ends.
import { join, relative } from "node:path";
import { startFakeDrand } from "../fakes/drand.ts";
import { startBridge } from "../redis/bridge/server.ts";
import { provideRedis } from "../redis/start-redis.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_BRIDGE_TOKEN } from "../settings.ts";
import { DevError } from "./error.ts";
import { newGuardSecret, startGuard } from "./guard.ts";
import { lockStateDir } from "./lock.ts";
import { DevLog } from "./log.ts";
import { assertPortFree } from "./port.ts";
import { untilReady } from "./ready.ts";
import { PROJECT, readSettings, type Settings, workerVars } from "./settings.ts";
import { startDevWorker } from "./spawn-wrangler.ts";
import { stopRequested } from "./stop-requested.ts";

/** Wrangler may log our last readiness request this much later. */
const OWN_REQUESTS_LOG_DELAY_MS = 250;

const log = new DevLog();
process.exit(await main());

async function main(): Promise<number> {
  const stopped = stopRequested();
  await using parts = new AsyncDisposableStack();
  try {
    const settings = await readSettings(process.env);
    await Promise.race([stopped, run(settings, parts)]);
    log.print("dev", "Stopping …");
    return 0;
  } catch (error) {
    log.fail(error instanceof DevError ? error.message : error);
    return 1;
  }
}

/** Runs until a part dies, then throws. Adds what must be stopped afterwards to `parts`. */
async function run(settings: Settings, parts: AsyncDisposableStack): Promise<void> {
  // Lock before the port check, so that a second `npm run dev` reports the lock and not the port.
  parts.defer(await lockStateDir(settings.stateDir));
  await assertPortFree(settings.port);
  const redis = await startRedisPart(settings, parts);
  const beacon = await startBeaconPart(settings, parts);
  const secret = newGuardSecret();
  const own = workerVars(settings.devVars, redis.url);
  const vars = { ...beacon, ...own, LOCAL_GUARD: secret };
  const worker = startDevWorker({ stateDir: settings.stateDir, vars, log });
  parts.defer(worker.stop);
  const died = Promise.race([redis.died, worker.died]);
  const target = await Promise.race([worker.url, died]);
  const guard = await startGuard(settings.port, target, secret);
  parts.defer(guard.stop);
  await Promise.race([announce(settings, guard.url, vars), died]);
  await died;
}

interface RedisPart {
  /** The URL of the REST API. */
  url: string;
  died: Promise<never>;
}

/** Starts Redis and its bridge, unless `.dev.vars` sets an Upstash database. */
async function startRedisPart(settings: Settings, parts: AsyncDisposableStack): Promise<RedisPart> {
  if (settings.upstash) {
    log.print("dev", `Using the Redis database from .dev.vars: ${settings.upstash}`);
    return { url: settings.upstash, died: new Promise(() => {}) };
  }
  const print = (line: string) => log.print("redis", line);
  const redis = await provideRedis({ dataDir: join(settings.stateDir, "redis"), log: print });
  parts.defer(redis.stop);
  const bridge = await startBridge({ redisUrl: redis.url, token: LOCAL_BRIDGE_TOKEN });
  parts.defer(bridge.stop);
  log.print("redis", `${redis.url}, with a REST bridge on ${bridge.url}`);
  const died = redis.exited.then((how) => {
    throw new DevError(`${how}\nNothing can be sold without Redis. Stopping.`);
  });
  died.catch(() => {}); // no unhandled rejection while nothing awaits it
  return { url: bridge.url, died };
}

/** Starts the stand-in for drand, unless `.dev.vars` sets a beacon. Returns the vars for it. */
async function startBeaconPart({ devVars }: Settings, parts: AsyncDisposableStack) {
  if (devVars.BEACON !== undefined) return {};
  const { url, chain, vars, stop } = await startFakeDrand();
  parts.defer(stop);
  log.print("dev", `A stand-in for drand answers at ${url}/${chain.hash}`);
  return vars;
}

/** Waits until a purchase would succeed, then prints the URLs and credentials. */
async function announce(
  { stateDir, upstash }: Settings,
  url: string,
  vars: Record<string, string>,
): Promise<void> {
  const notes = await untilReady({
    url,
    adminToken: vars.ADMIN_TOKEN ?? "",
    shared: upstash !== undefined,
  });
  for (const note of notes) log.print("dev", note);
  log.plain("");
  log.plain(`  Shop      ${url}`);
  const own = vars.ADMIN_TOKEN !== LOCAL_ADMIN_TOKEN;
  log.plain(`  Operator  ${own ? "the ADMIN_TOKEN from .dev.vars" : LOCAL_ADMIN_TOKEN}`);
  if (vars.DEMO_LOGIN === "true") {
    const login = `curl -s ${url}/api/login -H 'Content-Type: application/json'`;
    log.plain(`  Buyer     ${login} -d '{"user":"alice"}'`);
  }
  const path = relative(PROJECT, stateDir);
  log.plain(`  State     ${path.startsWith("..") ? stateDir : path} (delete it to start over)`);
  log.plain("");
  log.plain(`Ready on ${url}`);
  setTimeout(() => {
    log.showRequests = true;
  }, OWN_REQUESTS_LOG_DELAY_MS).unref();
}

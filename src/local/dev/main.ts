// `npm run dev`: Redis, the bridge and the Worker as one program with one log. It says `Ready on …`
// when a purchase would succeed, and whatever ends it, nothing it started stays behind.
import { join, relative } from "node:path";
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

const PARENT_CHECK_MS = 500;
/** So long after the last of our own requests wrangler may still report it. */
const OWN_REQUESTS_MS = 250;

const log = new DevLog();
process.exit(await main());

async function main(): Promise<number> {
  const stopped = stopRequested();
  await using parts = new AsyncDisposableStack();
  try {
    const settings = await readSettings(process.env);
    await Promise.race([stopped, run(settings, parts)]);
    log.say("dev", "Stopping …");
    return 0;
  } catch (error) {
    log.fail(error instanceof DevError ? error.message : error);
    return 1;
  }
}

/** Goes on until a part dies, which it reports by throwing. `parts` is what has to be stopped then. */
async function run(settings: Settings, parts: AsyncDisposableStack): Promise<void> {
  // The lock first: who starts a second `npm run dev` should read that, not that a port is taken.
  parts.defer(await lockStateDir(settings.stateDir));
  await assertPortFree(settings.port);
  const redis = await startRedisPart(settings, parts);
  const secret = newGuardSecret();
  const vars = { ...workerVars(settings.devVars, redis.url), LOCAL_GUARD: secret };
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
  /** Where Redis is reached over REST. */
  url: string;
  died: Promise<never>;
}

/** Redis with its bridge; nothing at all where `.dev.vars` names a database at Upstash. */
async function startRedisPart(settings: Settings, parts: AsyncDisposableStack): Promise<RedisPart> {
  if (settings.upstash) {
    log.say("dev", `Using the Redis database of .dev.vars: ${settings.upstash}`);
    return { url: settings.upstash, died: new Promise(() => {}) };
  }
  const say = (line: string) => log.say("redis", line);
  const redis = await provideRedis({ dataDir: join(settings.stateDir, "redis"), log: say });
  parts.defer(redis.stop);
  const bridge = await startBridge({ redisUrl: redis.url, token: LOCAL_BRIDGE_TOKEN });
  parts.defer(bridge.stop);
  log.say("redis", `${redis.url}, behind a REST bridge on ${bridge.url}`);
  const died = redis.exited.then((how) => {
    throw new DevError(`${how}\nWithout Redis nothing can be sold, so everything stops.`);
  });
  died.catch(() => {}); // also when nobody waits for it yet, or any more
  return { url: bridge.url, died };
}

/** Waits until a purchase would succeed, then says where everything is. */
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
  for (const note of notes) log.say("dev", note);
  log.plain("");
  log.plain(`  Shop      ${url}`);
  const own = vars.ADMIN_TOKEN !== LOCAL_ADMIN_TOKEN;
  log.plain(`  Operator  ${own ? "the ADMIN_TOKEN of .dev.vars" : LOCAL_ADMIN_TOKEN}`);
  if (vars.DEMO_LOGIN === "true") {
    const login = `curl -s ${url}/api/login -H 'Content-Type: application/json'`;
    log.plain(`  Buyer     ${login} -d '{"user":"alice"}'`);
  }
  const path = relative(PROJECT, stateDir);
  log.plain(`  State     ${path.startsWith("..") ? stateDir : path} (delete it to start afresh)`);
  log.plain("");
  log.plain(`Ready on ${url}`);
  setTimeout(() => {
    log.showRequests = true;
  }, OWN_REQUESTS_MS).unref();
}

/**
 * Resolves at the first Ctrl-C, SIGTERM or closed terminal, or when npm, which started us, is gone.
 * Later signals change nothing: npm passes Ctrl-C on although the terminal sent it to us too, and
 * stopping takes a bounded time anyway.
 */
function stopRequested(): Promise<void> {
  process.stdout.on("error", () => {}); // the terminal may be gone while we still clean up
  process.stderr.on("error", () => {});
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => resolve());
    }
    if (process.env.npm_lifecycle_event === undefined) return;
    const npm = process.ppid;
    const look = () => process.ppid === npm || resolve();
    setInterval(look, PARENT_CHECK_MS).unref();
  });
}

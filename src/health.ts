// Liveness, readiness, and the server's clock. `/healthz` and `/api/time` call nothing else. `/readyz` uses each
// dependency the way a purchase does.
import { Hono } from "hono";
import { alertWatchOf, type WatchState } from "./alerts/client.ts";
import { allBreakers } from "./edge/breaker.ts";
import { problem, refuse } from "./http/errors.ts";
import { completeHeaders, FOR_ANY_ORIGIN } from "./http/headers.ts";
import type { AppContext, AppEnv } from "./http/request.ts";
import { atObject } from "./inventory/client.ts";
import { causeOf, log } from "./observability/log.ts";
import { redisBreakerState, withRedis } from "./redis/client.ts";

/** An object with this name never has stock. Calling it proves that objects can be reached. */
const PROBE_SKU = "-readyz-";
/** Lifetime of the key that a probe writes. */
const PROBE_KEY_SECONDS = 60;

interface Dependency {
  state: "up" | "down";
  /** When this isolate first saw this state: ISO 8601. */
  since: string;
}

/** The state of each dependency, as `/readyz` reports it. */
interface Readiness {
  redis: Dependency;
  inventory: Dependency;
  /** Null if the watch of the alerts does not answer. Buyers do not need it, so it does not decide what is ready. */
  alerts: WatchState | null;
}

/** Limit of an isolate: anyone may call it, and each probe costs a Redis command and a call of an object. */
const PROBES_PER_SECOND = 4;
let probes = { second: 0, made: 0 };
let last: Readiness | undefined;

/** Runs a check. The log gets the cause of a failure, the caller only the state. */
async function probe(
  name: "redis" | "inventory",
  check: () => Promise<unknown>,
): Promise<Dependency> {
  let state: Dependency["state"] = "up";
  try {
    await check();
  } catch (error) {
    log("readyz.down", { step: name, cause: causeOf(error) });
    state = "down";
  }
  const before = last?.[name];
  return before?.state === state ? before : { state, since: new Date().toISOString() };
}

/** A write, because a replica, a full database, or one that cannot save still answers reads. */
const writeToRedis = (c: AppContext) =>
  withRedis(c.get("config"), "redis", (redis, keys) =>
    redis.set(keys.ready, "1", { ex: PROBE_KEY_SECONDS }),
  );

/** Probes each dependency once. Beyond the limit, returns what the previous probe found. */
async function readiness(c: AppContext): Promise<Readiness | undefined> {
  const second = Math.floor(Date.now() / 1_000);
  if (probes.second !== second) probes = { second, made: 0 };
  if (probes.made >= PROBES_PER_SECOND) return last;
  probes.made += 1;
  const [redis, inventory, alerts] = await Promise.all([
    probe("redis", () => writeToRedis(c)),
    probe("inventory", () => atObject(c.env, PROBE_SKU, (object) => object.report())),
    alertWatchOf(c.env)
      .state()
      .catch(() => null),
  ]);
  last = { redis, inventory, alerts };
  return last;
}

/** The breakers of this isolate that are not closed, and since when. */
const openBreakers = () =>
  [...allBreakers()].flatMap(([name, { state, since }]) =>
    state === "closed" ? [] : [{ name, state, since: new Date(since).toISOString() }],
  );

const TIME_HEADERS = completeHeaders({ "Content-Type": "application/json", ...FOR_ANY_ORIGIN });

export const healthRoutes = new Hono<AppEnv>()
  .get("/healthz", (c) => c.json({ status: "alive" }))
  /** Milliseconds since 1970, for the countdowns of pages: the `Date` header only has whole seconds. */
  .get("/api/time", () => Response.json({ now: Date.now() }, { headers: TIME_HEADERS }))
  .get("/readyz", async (c) => {
    const found = await readiness(c);
    if (!found)
      return problem(c, refuse("unavailable", { detail: "The first probe is still running" }));
    const { redis, inventory, alerts } = found;
    const ready = redis.state === "up" && inventory.state === "up";
    if (!ready) c.header("Retry-After", "1");
    const dependencies = { redis: { ...redis, breaker: redisBreakerState() }, inventory };
    const status = ready ? "ready" : "not ready";
    const breakers = openBreakers();
    return c.json({ status, dependencies, breakers, alerts }, ready ? 200 : 503);
  });

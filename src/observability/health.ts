// Liveness and readiness. `/healthz` touches nothing; `/readyz` asks each dependency once.
import { Hono } from "hono";
import type { AppEnv } from "../http.ts";
import { callInventory, LANE } from "../inventory/client.ts";
import { INTERACTIVE_LIMIT_MS, redisBreakerState, withRedis } from "../redis/client.ts";
import { causeOf, log } from "./log.ts";

/** An object of this name never holds stock; asking it proves that objects can be reached. */
const PROBE_SKU = "-readyz-";

/** Runs a check; what went wrong is for the log, the caller only learns that it did. */
async function probe(name: string, check: () => Promise<unknown>): Promise<"up" | "down"> {
  try {
    await check();
    return "up";
  } catch (error) {
    log("readyz.down", { step: name, cause: causeOf(error) });
    return "down";
  }
}

export const healthRoutes = new Hono<AppEnv>()
  .get("/healthz", (c) => c.json({ status: "alive" }))
  .get("/readyz", async (c) => {
    const [redis, inventory] = await Promise.all([
      probe("redis", () => withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, (r) => r.ping())),
      probe("inventory", async () => {
        const address = { skuId: PROBE_SKU, lane: LANE };
        const answer = await callInventory(c.env, address, (object) => object.report());
        if (!answer.ok) throw answer.cause;
      }),
    ]);
    const ready = redis === "up" && inventory === "up";
    if (!ready) c.header("Retry-After", "1");
    const dependencies = {
      redis: { state: redis, breaker: redisBreakerState() },
      inventory: { state: inventory },
    };
    return c.json({ status: ready ? "ready" : "not ready", dependencies }, ready ? 200 : 503);
  });

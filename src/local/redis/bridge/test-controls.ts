// Routes for tests and benchmarks in other processes: statistics and fault injection. Upstash does not have them.
import { setTimeout } from "node:timers/promises";
import type { Hono, Next } from "hono";
import * as z from "zod";
import { BadRequest } from "./command.ts";
import { type Env, jsonBody } from "./requests.ts";

/** Counts since the start or the last `DELETE /_local/stats`. */
export interface BridgeStats {
  /** Requests that carried commands. */
  roundTrips: number;
  /** Commands in those requests, as Upstash bills them: each command of a pipeline or transaction counts. */
  commands: number;
}

/** The body of `POST /_local/fault`. `down` closes the connection without a response. */
const faultSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("none") }),
  z.object({ mode: z.literal("slow"), delayMs: z.int().min(0).max(60_000) }),
  z.object({ mode: z.literal("down") }),
]);

/** Adds the control routes. The current fault applies to every route that is added afterwards. */
export function addControls(app: Hono<Env>, stats: BridgeStats): void {
  let fault: z.infer<typeof faultSchema> = { mode: "none" };
  let faultChanges = new AbortController();
  const delayed = new Set<Promise<unknown>>();
  app.get("/_local/stats", (c) => c.json(stats));
  app.delete("/_local/stats", (c) => c.json(Object.assign(stats, { roundTrips: 0, commands: 0 })));
  app.post("/_local/fault", async (c) => {
    const wanted = faultSchema.safeParse(await jsonBody(c));
    if (!wanted.success) throw new BadRequest(z.prettifyError(wanted.error));
    fault = wanted.data;
    // Run delayed commands now, and wait for them. Their clients have timed out. If they ran later, they would count
    // in another test or write to its Redis.
    faultChanges.abort();
    faultChanges = new AbortController();
    await Promise.allSettled(delayed);
    return c.json(fault);
  });
  const late = async (delayMs: number, next: Next) => {
    await setTimeout(delayMs, undefined, { ref: false, signal: faultChanges.signal }).catch(
      () => {},
    );
    await next();
  };
  app.use(async (c, next) => {
    if (fault.mode === "down") {
      c.env.incoming.socket.destroy();
    } else if (fault.mode === "slow") {
      const work = late(fault.delayMs, next);
      delayed.add(work);
      await work.finally(() => delayed.delete(work));
    } else {
      await next();
    }
    return c.res;
  });
}

// Routes that Upstash does not have, for tests and measurements, possibly in other processes.
import { setTimeout } from "node:timers/promises";
import type { Hono } from "hono";
import { z } from "zod";
import { BadRequest } from "./bridge-commands.ts";
import { type Env, jsonBody } from "./bridge-requests.ts";

/** Counted since the start, or since `DELETE /_local/stats`. */
export interface BridgeStats {
  /** Requests that carried commands. */
  roundTrips: number;
  /** Commands in them: each one of a pipeline or transaction is one that Upstash bills. */
  commands: number;
}

/** How commands fare, set by `POST /_local/fault`: `down` closes the connection without a word. */
const faultSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("none") }),
  z.object({ mode: z.literal("slow"), delayMs: z.int().min(0).max(60_000) }),
  z.object({ mode: z.literal("down") }),
]);

/** Adds the routes, and the fault that every route added later suffers. */
export function addControls(app: Hono<Env>, stats: BridgeStats): void {
  let fault: z.infer<typeof faultSchema> = { mode: "none" };
  app.get("/_local/stats", (c) => c.json(stats));
  app.delete("/_local/stats", (c) => c.json(Object.assign(stats, { roundTrips: 0, commands: 0 })));
  app.post("/_local/fault", async (c) => {
    const wanted = faultSchema.safeParse(await jsonBody(c));
    if (!wanted.success) throw new BadRequest(z.prettifyError(wanted.error));
    fault = wanted.data;
    return c.json(fault);
  });
  app.use(async (c, next) => {
    if (fault.mode === "slow") await setTimeout(fault.delayMs, undefined, { ref: false });
    if (fault.mode === "down") c.env.incoming.socket.destroy();
    else await next();
    return c.res;
  });
}

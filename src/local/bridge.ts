// Speaks Upstash's REST protocol in front of a plain Redis, so that the Worker and its tests use
// @upstash/redis locally just as they do in production.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { BadRequest, parseCommand, parseCommands } from "./bridge-commands.ts";
import { BridgeRedis, type Outcome } from "./bridge-redis.ts";

export interface Bridge {
  url: string;
  stats: BridgeStats;
  stop(): Promise<void>;
}

/** Counted since the start, or since `DELETE /_local/stats`. */
export interface BridgeStats {
  /** Requests that carried commands. */
  roundTrips: number;
  /** Commands in them: each one of a pipeline or transaction is one that Upstash bills. */
  commands: number;
}

const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** How commands fare, set by `POST /_local/fault`: `down` closes the connection without a word. */
const faultSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("none") }),
  z.object({ mode: z.literal("slow"), delayMs: z.int().min(0).max(60_000) }),
  z.object({ mode: z.literal("down") }),
]);

type Env = { Bindings: HttpBindings };

/** Starts the bridge on the loopback interface; throws if Redis or the port is not to be had. */
export async function startBridge(options: {
  redisUrl: string;
  token: string;
  /** Default: a free one. */
  port?: number;
}): Promise<Bridge> {
  const redis = await BridgeRedis.connect(options.redisUrl);
  const stats: BridgeStats = { roundTrips: 0, commands: 0 };
  const app = bridgeApp(redis, stats, options.token);
  // Idle connections stay open: closing one just as a client reuses it would look like a fault.
  const server = createServer({ keepAliveTimeout: 0 }, getRequestListener(app.fetch));
  try {
    await once(server.listen(options.port ?? 0, "127.0.0.1"), "listening");
  } catch (error) {
    redis.close();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stats,
    async stop() {
      server.close();
      server.closeAllConnections();
      redis.close();
      await once(server, "close");
    },
  };
}

function bridgeApp(redis: BridgeRedis, stats: BridgeStats, token: string): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    if (c.req.header("authorization") === `Bearer ${token}`) return next();
    return c.json({ error: "WRONGPASS invalid or missing auth token" }, 401);
  });
  addControls(app, stats);

  app.post("/", async (c) => {
    const command = parseCommand(await body(c));
    count(stats, 1);
    const [outcome] = await redis.pipeline([command]);
    if (!outcome || "error" in outcome) throw new BadRequest(outcome?.error);
    return reply(c, encodeOutcome(outcome, wantsBase64(c)));
  });
  for (const [path, mode] of [
    ["/pipeline", "pipeline"],
    ["/multi-exec", "transaction"],
  ] as const) {
    app.post(path, async (c) => {
      const commands = parseCommands(await body(c));
      count(stats, commands.length);
      const outcomes = await redis[mode](commands);
      const base64 = wantsBase64(c);
      return reply(
        c,
        outcomes.map((outcome) => encodeOutcome(outcome, base64)),
      );
    });
  }
  app.notFound((c) => c.json({ error: "ERR the local bridge has no such route" }, 404));
  // Upstash answers any command's failure with 400. What else can happen is that Redis is away: 503
  // makes @upstash/redis throw at once, as for any status but 2xx, without trying again.
  app.onError((error, c) =>
    c.json({ error: error.message }, error instanceof BadRequest ? error.status : 503),
  );
  return app;
}

/** Routes Upstash does not have, for tests and measurements, possibly in other processes. */
function addControls(app: Hono<Env>, stats: BridgeStats): void {
  let fault: z.infer<typeof faultSchema> = { mode: "none" };
  app.get("/_local/stats", (c) => c.json(stats));
  app.delete("/_local/stats", (c) => c.json(Object.assign(stats, { roundTrips: 0, commands: 0 })));
  app.post("/_local/fault", async (c) => {
    const wanted = faultSchema.safeParse(await body(c));
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

async function body(c: Context): Promise<unknown> {
  // By hand, for hono's bodyLimit makes a web stream of every body, which halves the throughput.
  limitSize(Number(c.req.header("content-length") ?? 0));
  const text = await c.req.text();
  limitSize(Buffer.byteLength(text));
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest("ERR failed to parse the request body as JSON");
  }
}

function limitSize(bytes: number): void {
  if (bytes <= MAX_REQUEST_BYTES) return;
  const message = `ERR max request size exceeded. Limit: ${MAX_REQUEST_BYTES} bytes, Actual: ${bytes} bytes`;
  throw new BadRequest(message, 413);
}

function count(stats: BridgeStats, commands: number): void {
  stats.roundTrips += 1;
  stats.commands += commands;
}

/** The token is constant: one Redis without replicas always reads its own writes. */
function reply(c: Context, json: object): Response {
  return c.json(json, 200, { "upstash-sync-token": "local" });
}

function wantsBase64(c: Context): boolean {
  return c.req.header("upstash-encoding") === "base64";
}

function encodeOutcome(outcome: Outcome, base64: boolean): object {
  if ("error" in outcome) return outcome;
  return { result: isOk(outcome.result) ? "OK" : encode(outcome.result, base64) };
}

/** Only a whole reply is exempt from base64: clients decode every string inside an array. */
function isOk(reply: unknown): boolean {
  return Buffer.isBuffer(reply) && reply.toString() === "OK";
}

function encode(reply: unknown, base64: boolean): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString(base64 ? "base64" : "utf8");
  if (Array.isArray(reply)) return reply.map((item) => encode(item, base64));
  if (reply instanceof Error) return encode(Buffer.from(reply.message), base64); // a script's
  return reply;
}

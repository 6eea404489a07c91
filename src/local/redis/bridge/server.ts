// Implements Upstash's REST API in front of a plain Redis, so that the Worker and its tests use @upstash/redis
// locally as in production.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { BadRequest, type Command, parseCommand, parseCommands } from "./command.ts";
import { BridgeRedis } from "./connection.ts";
import { toJson, toResp2, wantedFormat, wantsBase64 } from "./replies.ts";
import { type Env, jsonBody, pathCommand, pathWords, tokenOf } from "./requests.ts";
import { openStream, wantsStream } from "./streams.ts";
import { addControls, type BridgeStats } from "./test-controls.ts";

export type { BridgeStats };

const BYTES = { "content-type": "application/octet-stream" };

export interface Bridge {
  url: string;
  stats: BridgeStats;
  stop(): Promise<void>;
}

/** Starts the bridge on loopback. @throws if Redis cannot be reached or the port is in use */
export async function startBridge(options: {
  redisUrl: string;
  token: string;
  /** Default: a free port. */
  port?: number;
}): Promise<Bridge> {
  const redis = await BridgeRedis.connect(options.redisUrl);
  const stats: BridgeStats = { roundTrips: 0, commands: 0 };
  const app = bridgeApp(redis, stats, options.token);
  // Idle connections stay open. A client that reuses one while it closes would see an error.
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
    if (tokenOf(c) === token) return next();
    return c.json({ error: "WRONGPASS invalid or missing auth token" }, 401);
  });
  addControls(app, stats);
  addCommands(app, redis, stats);
  app.all("*", (c) => {
    return c.json({ error: "ERR method not allowed" }, 405, { allow: "GET, HEAD, POST, PUT" });
  });
  // Upstash returns 400 for any failed command. Any other error means that Redis is down: on 503, as on any status
  // other than 2xx, @upstash/redis throws without a retry.
  app.onError((error, c) =>
    c.json({ error: error.message }, error instanceof BadRequest ? error.status : 503),
  );
  return app;
}

function addCommands(app: Hono<Env>, redis: BridgeRedis, stats: BridgeStats): void {
  const nextToken = syncTokens();
  // All headers are passed in one call, because hono is slower when each is set separately.
  const headers = () => ({ "upstash-sync-token": nextToken() });
  const single = async (c: Context<Env>, command: Command) => {
    count(stats, 1);
    const format = wantedFormat(c);
    const [outcome = { error: "ERR no reply" }] = await redis.pipeline([command]);
    const status = "error" in outcome ? 400 : 200;
    if (format === "resp2") return c.body(toResp2([outcome]), status, { ...headers(), ...BYTES });
    return c.json(toJson(outcome, format === "base64"), status, headers());
  };
  app.on(["POST", "PUT"], "/", async (c) => single(c, parseCommand(await jsonBody(c))));
  app.on(["POST", "PUT"], "/pipeline", async (c) => {
    const commands = parseCommands(await jsonBody(c));
    count(stats, commands.length);
    const format = wantedFormat(c);
    const outcomes = await redis.pipeline(commands);
    if (format === "resp2") return c.body(toResp2(outcomes), 200, { ...headers(), ...BYTES });
    const json = outcomes.map((outcome) => toJson(outcome, format === "base64"));
    return c.json(json, 200, headers());
  });
  app.on(["POST", "PUT"], "/multi-exec", async (c) => {
    const commands = parseCommands(await jsonBody(c));
    count(stats, commands.length);
    const base64 = wantsBase64(c);
    const outcomes = await redis.transaction(commands);
    const json = outcomes.map((outcome) => toJson(outcome, base64));
    return c.json(json, 200, headers());
  });
  app.on(["GET", "POST", "PUT"], "*", async (c) => {
    const words = pathWords(c);
    if (!wantsStream(c, words)) return single(c, await pathCommand(c, words));
    count(stats, 1);
    c.header("upstash-sync-token", nextToken());
    return openStream(c, redis, words);
  });
}

/**
 * Generates a different sync token for each response, as Upstash does. A single Redis always reads its own writes,
 * so tokens in requests are ignored.
 */
function syncTokens(): () => string {
  const session = randomUUID();
  let responses = 0;
  return () => {
    responses += 1;
    return `${session}-${responses}`;
  };
}

function count(stats: BridgeStats, commands: number): void {
  stats.roundTrips += 1;
  stats.commands += commands;
}

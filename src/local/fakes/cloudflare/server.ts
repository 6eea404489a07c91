// A fake of the part of Cloudflare's API over HTTP that `wrangler` and `npm run setup` use, for tests. It keeps the state of
// one account, enforces the rules that setup runs into, and records every write. Nothing runs on it.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { ApiFault, type FakeAccount, type FakeQueue, newAccount, success } from "./account.ts";
import { deploymentRoutes } from "./workers.ts";

export interface FakeCloudflare {
  account: FakeAccount;
  /** Environment variables that make wrangler use this fake. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const BASE = "/client/v4";

/** Starts the fake on a free loopback port. */
export async function startFakeCloudflare(): Promise<FakeCloudflare> {
  const account = newAccount();
  const server = createServer(getRequestListener(fakeCloudflare(account).fetch));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    account,
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
      CLOUDFLARE_API_TOKEN: account.token,
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function fakeCloudflare(account: FakeAccount): Hono {
  const app = new Hono().basePath(BASE);
  app.onError((error, c) => {
    if (!(error instanceof ApiFault)) throw error;
    const errors = [{ code: error.code, message: error.message }];
    return c.json({ success: false, errors, messages: [], result: null }, error.status);
  });
  app.use(async (c, next) => {
    if (c.req.header("authorization") !== `Bearer ${account.token}`)
      throw new ApiFault(403, 10000, "Authentication error");
    await next();
  });
  app.use(async (c, next) => {
    const isWrite = c.req.method !== "GET" && !c.req.path.endsWith("/domains/changeset");
    if (isWrite) account.writes.push(`${c.req.method} ${c.req.path.slice(BASE.length)}`);
    await next();
  });
  app.get("/accounts", (c) => c.json(success([{ id: account.id, name: account.name }])));
  app.get("/zones", (c) => {
    const { zones, pendingZones } = account;
    const all = c.req.query("status") === "active" ? zones : [...zones, ...pendingZones];
    const found = all.filter((zone) => zone === c.req.query("name"));
    return c.json(success(found.map((name) => ({ id: `zone-${name}`, name }))));
  });
  app.route(`/accounts/${account.id}`, queueRoutes(account));
  app.route(`/accounts/${account.id}`, deploymentRoutes(account));
  app.notFound((c) => {
    console.error(`fake Cloudflare: ${c.req.method} ${c.req.path} is not implemented`);
    return c.json({ success: false, errors: [{ code: 7000, message: "No route" }] }, 404);
  });
  return app;
}

function queueRoutes(account: FakeAccount): Hono {
  const app = new Hono();
  const queueOf = (id: string): FakeQueue => {
    const queue = account.queues.find((one) => one.queue_id === id);
    if (!queue) throw new ApiFault(404, 11000, "Queue not found.");
    return queue;
  };
  app.get("/queues", (c) => {
    const names = c.req.queries("name");
    const found = account.queues.filter((one) => !names || names.includes(one.queue_name));
    const page = { page: 1, per_page: 100, count: found.length, total_count: found.length };
    return c.json(success(found, { result_info: { ...page, total_pages: 1 } }));
  });
  app.post("/queues", async (c) => {
    const { queue_name } = await c.req.json<{ queue_name: string }>();
    if (account.queues.some((one) => one.queue_name === queue_name))
      throw new ApiFault(400, 11009, `Queue name '${queue_name}' is already taken.`);
    if (account.queues.length >= account.maxQueues)
      throw new ApiFault(403, 11005, "The limit of queues on this account is reached.");
    const queue = { queue_id: randomUUID(), queue_name, consumers: [] };
    account.queues.push(queue);
    return c.json(success(queue));
  });
  app.get("/queues/:id/consumers", (c) => c.json(success(queueOf(c.req.param("id")).consumers)));
  app.post("/queues/:id/consumers", async (c) => {
    const { script_name, ...rest } = await c.req.json<{ script_name: string; settings: unknown }>();
    const { consumers } = queueOf(c.req.param("id"));
    if (consumers.length > 0) throw new ApiFault(400, 11004, "The queue already has a consumer.");
    const consumer = { consumer_id: randomUUID(), type: "worker" as const, script: script_name };
    consumers.push({ ...consumer, settings: rest });
    return c.json(success(consumer));
  });
  app.put("/queues/:id/consumers/:consumer", async (c) => {
    const { consumers } = queueOf(c.req.param("id"));
    const found = consumers.find((one) => one.consumer_id === c.req.param("consumer"));
    if (!found) throw new ApiFault(404, 11001, "Consumer not found.");
    found.settings = await c.req.json();
    return c.json(success(found));
  });
  return app;
}

// The bare Worker that the benchmark measures Doorbuster against. Its routes do the same work in the plainest code
// that Hono, Durable Objects, and Upstash's libraries allow. It also has routes that call Doorbuster's inventory
// object and order consumer directly, to measure each of them alone.
import { DurableObject } from "cloudflare:workers";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis/cloudflare";
import { type Context, Hono } from "hono";
import { jwtVerify } from "jose";
import { requireConfig } from "../../config.ts";
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import type { ConfigureCommand } from "../../inventory/decide-stock.ts";
import type { OrderMessage } from "../../inventory/messages.ts";
import { type ConsumerEnv, consumeOrders } from "../../orders/consumer.ts";
import type { CopiedOrders } from "./copied-orders.ts";

export { CopiedOrders as SkuInventory } from "./copied-orders.ts";

/** A SQLite object that inserts one row per call. */
export class BareObject extends DurableObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  /** Inserts a row. Returns false if the id exists. */
  insert(id: string, body: string): boolean {
    const { sql } = this.ctx.storage;
    return sql.exec("INSERT OR IGNORE INTO rows VALUES (?, ?)", id, body).rowsWritten > 0;
  }
}

interface Bindings extends ConsumerEnv {
  BARE: DurableObjectNamespace<BareObject>;
  SKU_INVENTORY: DurableObjectNamespace<CopiedOrders>;
  ORDERS: Queue<OrderMessage>;
  FLOOD_SHIELD: RateLimit;
  AUTH_SECRET: string;
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
}

/** A copy of one of Doorbuster's responses. */
interface CannedResponse {
  status: 200;
  headers: Record<string, string>;
  body: string;
  json?: object;
}

let canned: CannedResponse = { status: 200, headers: {}, body: "" };

const app = new Hono<{ Bindings: Bindings }>();
type AppContext = Context<{ Bindings: Bindings }>;

const addressOf = (c: AppContext): string => c.req.header("cf-connecting-ip") ?? "";

// Routes that return the canned response.

app.put("/canned", async (c) => {
  canned = await c.req.json();
  if (canned.headers["content-type"]?.includes("json")) canned.json = JSON.parse(canned.body);
  return c.body(null, 204);
});

app.get("/canned", (c) => c.body(canned.body, canned.status, canned.headers));

app.get("/canned/json", (c) => c.json(canned.json, canned.status, canned.headers));

app.get("/canned/conditional", (c) =>
  c.req.header("if-none-match") === canned.headers.etag
    ? c.body(null, 304, canned.headers)
    : c.body(canned.body, 200, canned.headers),
);

const respondToPost = async (c: AppContext) => {
  await c.req.json();
  return c.json(canned.json, canned.status, canned.headers);
};

app.post("/canned", respondToPost);

app.post("/canned/rate-limited", async (c) => {
  await c.env.FLOOD_SHIELD.limit({ key: addressOf(c) });
  return respondToPost(c);
});

// The bare order: one JWT verification, two rate limits in one Redis round trip, one insert, one queue message.

let authKey: CryptoKey | undefined;

/** The user of a valid HS256 token. The key is imported once, because importing costs more than verifying. */
async function userOf(c: AppContext): Promise<string | undefined> {
  authKey ??= await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(c.env.AUTH_SECRET),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const token = c.req.header("authorization")?.replace("Bearer ", "") ?? "";
  try {
    const { payload } = await jwtVerify(token, authKey, { algorithms: ["HS256"] });
    return payload.sub;
  } catch {
    return undefined;
  }
}

/** The same algorithm and limits as the benchmark's sale. */
const LIMITS = {
  user: Ratelimit.fixedWindow(100_000, "60 s"),
  address: Ratelimit.fixedWindow(1_000, "10 s"),
};

async function isWithinLimits(c: AppContext, user: string): Promise<boolean> {
  const redis = new Redis({
    url: c.env.UPSTASH_REDIS_REST_URL,
    token: c.env.UPSTASH_REDIS_REST_TOKEN,
    enableTelemetry: false,
  });
  const check = (name: keyof typeof LIMITS, caller: string) => {
    const options = { prefix: `comparator:${name}`, ephemeralCache: false as const, timeout: 0 };
    return new Ratelimit({ redis, limiter: LIMITS[name], ...options }).limit(caller);
  };
  // Both start in the same tick, so the client sends them in one pipeline.
  const answers = await Promise.all([check("user", user), check("address", addressOf(c))]);
  return answers.every(({ success }) => success);
}

app.post("/order", async (c) => {
  const userId = await userOf(c);
  if (userId === undefined) return c.json({ code: "unauthenticated" }, 401);
  const order = await c.req.json<object>();
  if (!(await isWithinLimits(c, userId))) return c.json({ code: "rate_limited" }, 429);
  const orderId = `${userId}.${c.req.header("idempotency-key")}`;
  const row = JSON.stringify({ ...order, userId, createdAt: Date.now() });
  const inserted = await c.env.BARE.getByName("orders").insert(orderId, row);
  if (inserted) {
    const message: OrderMessage = { v: 1, skuId: "bare", lane: 0, userId, orderId, version: 1 };
    // Like Doorbuster, it responds without waiting for the queue.
    c.executionCtx.waitUntil(c.env.ORDERS.send(message));
  }
  return c.json({ id: orderId, status: "reserved" }, 202);
});

app.post("/insert", async (c) => {
  const command = await c.req.json<ReserveCommand>();
  await c.env.BARE.getByName("inserts").insert(command.orderId, JSON.stringify(command));
  return c.json({ id: command.orderId }, 202);
});

// Routes to Doorbuster's inventory object and order consumer.

app.put("/sku", async (c) => {
  const command = await c.req.json<ConfigureCommand>();
  await c.env.SKU_INVENTORY.getByName(command.skuId).configure(command);
  return c.body(null, 204);
});

app.post("/reserve/:sku", async (c) => {
  const command = await c.req.json<ReserveCommand>();
  const inventory = c.env.SKU_INVENTORY.getByName(c.req.param("sku"));
  const result = await inventory.reserve(command);
  return c.json(result, result.ok ? 202 : 409);
});

/** Puts the SKU on sale, and sells an order and its copies. Responds with the bytes that the object stores. */
app.post("/copies/:sku", async (c) => {
  const skuId = c.req.param("sku");
  const order = await c.req.json<ReserveCommand>();
  const count = Number(c.req.query("count"));
  const object = c.env.SKU_INVENTORY.getByName(skuId);
  const price = order.paymentToken === undefined ? 0 : 1_200;
  const terms = {
    ...{ saleId: "bench", skuId, opensAt: 0, closesAt: Date.now() + 86_400_000 },
    ...{ unitPrice: { amount: price, currency: "USD" }, perUserLimit: 1, holdSeconds: 300 },
    item: { name: "A thing of the usual length", saleTitle: "A sale of the usual length" },
  };
  await object.configure({ skuId, revision: 1, offer: { terms, stock: count } });
  await object.sellCopies(order, count);
  return c.text(String(await object.size()));
});

app.get("/report/:sku", async (c) =>
  c.json(await c.env.SKU_INVENTORY.getByName(c.req.param("sku")).report()),
);

/** Processes one batch as the queue would deliver it. Responds with 204 if every message is acknowledged. */
app.post("/consume", async (c) => {
  const bodies = await c.req.json<OrderMessage[]>();
  const acknowledged = new Set<string>();
  const messages = bodies.map((body) => ({
    ...{ id: body.orderId, timestamp: new Date(), attempts: 1, body },
    ack: () => void acknowledged.add(body.orderId),
    retry: () => {},
  }));
  await consumeOrders({ queue: "orders", messages }, c.env, requireConfig(c.env));
  return c.body(null, acknowledged.size === bodies.length ? 204 : 500);
});

export default app;

// The bare Worker that the benchmark measures Doorbuster against. Its routes do the same work in the plainest code
// that Hono, Durable Objects, and Upstash's libraries allow.
import { DurableObject } from "cloudflare:workers";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis/cloudflare";
import { type Context, Hono } from "hono";
import { jwtVerify } from "jose";
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import type { OrderMessage } from "../../inventory/messages.ts";
import { type InventoryBindings, inventoryRoutes } from "./inventory-routes.ts";

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

interface Bindings extends InventoryBindings {
  BARE: DurableObjectNamespace<BareObject>;
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

/** Refuses a forged token as the plainest Worker does: it checks the signature, and counts the failure by address. */
app.post("/canned/verified", async (c) => {
  if ((await userOf(c)) !== undefined) return c.body(null, 204);
  await c.env.FLOOD_SHIELD.limit({ key: addressOf(c) });
  return respondToPost(c);
});

// The bare order: one JWT verification, one call of the rate-limit binding, two rate limits in one Redis round trip, one insert,
// one queue message. It counts no units of a stock, so it does less than any shop needs.

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
  const { success } = await c.env.FLOOD_SHIELD.limit({ key: userId });
  if (!success) return c.json({ code: "rate_limited" }, 429);
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

app.route("/", inventoryRoutes);

export default app;

// What the bench measures against: the least that Hono and a Durable Object can do, with nothing of
// Doorbuster in the way. Also lends its bare routes to Doorbuster's object and to its consumer, to look at
// these alone: their queue has no consumer, so that nothing else runs meanwhile.
import { DurableObject } from "cloudflare:workers";
import { type Context, Hono } from "hono";
import { requireConfig } from "../../config.ts";
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import type { ConfigureCommand } from "../../inventory/decide-stock.ts";
import type { OrderMessage } from "../../inventory/messages.ts";
import type { SkuInventory } from "../../inventory/sku-inventory.ts";
import { type ConsumerEnv, consumeOrders } from "../../orders/consumer.ts";

export { SkuInventory } from "../../inventory/sku-inventory.ts";

/** A SQLite object that inserts one row a call. */
export class BareObject extends DurableObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  insert(id: string, body: string): { ok: true; id: string } {
    this.ctx.storage.sql.exec("INSERT INTO rows VALUES (?, ?)", id, body);
    return { ok: true, id };
  }
}

interface Bindings extends ConsumerEnv {
  BARE: DurableObjectNamespace<BareObject>;
  SKU_INVENTORY: DurableObjectNamespace<SkuInventory>;
  FLOOD_SHIELD: RateLimit;
}

/** What the `/answer` routes say: status, headers and body of an answer of Doorbuster's. */
interface Canned {
  status: 200;
  headers: Record<string, string>;
  body: string;
  json?: object;
}

let canned: Canned = { status: 200, headers: {}, body: "" };

const app = new Hono<{ Bindings: Bindings }>();
type AppContext = Context<{ Bindings: Bindings }>;

app.put("/answer", async (c) => {
  canned = await c.req.json();
  if (canned.headers["content-type"]?.includes("json")) canned.json = JSON.parse(canned.body);
  return c.body(null, 204);
});

app.get("/answer", (c) => c.body(canned.body, canned.status, canned.headers));

app.get("/json", (c) => c.json(canned.json, canned.status, canned.headers));

app.get("/unchanged", (c) =>
  c.req.header("if-none-match") === canned.headers.etag
    ? c.body(null, 304, canned.headers)
    : c.body(canned.body, 200, canned.headers),
);

const post = async (c: AppContext) => {
  await c.req.json();
  return c.json(canned.json, canned.status, canned.headers);
};

app.post("/answer", post);

app.post("/shielded", async (c) => {
  await c.env.FLOOD_SHIELD.limit({ key: c.req.header("cf-connecting-ip") ?? "" });
  return post(c);
});

app.post("/insert", async (c) => {
  const command = await c.req.json<ReserveCommand>();
  const bare = c.env.BARE.getByName("bare");
  return c.json(await bare.insert(command.orderId, JSON.stringify(command)), 202);
});

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

/** One batch, as the queue would deliver it. Every message of it must be acknowledged. */
app.post("/consume", async (c) => {
  const bodies = await c.req.json<OrderMessage[]>();
  const acknowledged = new Set<string>();
  const messages = bodies.map((body) => ({
    ...{ id: body.orderId, timestamp: new Date(), attempts: 1, body },
    ack: () => void acknowledged.add(body.orderId),
    retry: () => {},
  }));
  await consumeOrders({ queue: "orders", messages }, c.env, requireConfig(c.env), null);
  return c.body(null, acknowledged.size === bodies.length ? 204 : 500);
});

export default app;

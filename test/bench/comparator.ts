// What the bench measures against: the least that Hono and a Durable Object can do, with nothing of
// Doorbuster in the way. Also lends its bare route to Doorbuster's object, to compare the objects alone.
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { SkuInventory } from "../../src/index.ts";
import type { ReserveCommand } from "../../src/inventory/decide-order.ts";

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

interface Bindings {
  BARE: DurableObjectNamespace<BareObject>;
  SKU_INVENTORY: DurableObjectNamespace<SkuInventory>;
}

/** The answer of `/answer`, set by the bench to what Doorbuster answers. */
let canned = { status: 200, type: "text/plain", body: "" };

const app = new Hono<{ Bindings: Bindings }>();

app.put("/answer", async (c) => {
  canned = await c.req.json();
  return c.body(null, 204);
});

app.get("/answer", (c) => c.body(canned.body, 200, { "content-type": canned.type }));

app.post("/answer", async (c) => {
  await c.req.json();
  return c.json(JSON.parse(canned.body), canned.status as 200);
});

app.post("/insert", async (c) => {
  const command = await c.req.json<ReserveCommand>();
  const bare = c.env.BARE.getByName("bare");
  return c.json(await bare.insert(command.orderId, JSON.stringify(command)), 202);
});

app.post("/reserve/:sku", async (c) => {
  const command = await c.req.json<ReserveCommand>();
  const inventory = c.env.SKU_INVENTORY.getByName(c.req.param("sku"));
  const result = await inventory.reserve(command);
  return c.json(result, result.ok ? 202 : 409);
});

export default app;

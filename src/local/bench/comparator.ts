// The bare Worker that the benchmark measures Doorbuster against. Its routes do the same work in the plainest code
// that Hono, Durable Objects, and Upstash's libraries allow.
import { type Context, Hono } from "hono";
import { addressOf, userOf } from "./bare-caller.ts";
import { type BareBindings, bareOrderRoutes, settleBareOrders } from "./bare-order.ts";
import type { BareOrder } from "./bare-shop.ts";
import { type InventoryBindings, inventoryRoutes } from "./inventory-routes.ts";

export { BareShop } from "./bare-shop.ts";
export { CopiedOrders as SkuInventory } from "./copied-orders.ts";

type Bindings = InventoryBindings & BareBindings;

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
  if ((await userOf(c, c.env.AUTH_SECRET)) !== undefined) return c.body(null, 204);
  await c.env.FLOOD_SHIELD.limit({ key: addressOf(c) });
  return respondToPost(c);
});

app.route("/", bareOrderRoutes);
app.route("/", inventoryRoutes);

export default {
  fetch: app.fetch,
  queue: settleBareOrders,
} satisfies ExportedHandler<Bindings, BareOrder>;

// The bare Worker that the benchmark measures Doorbuster against. Its routes do the same work in the plainest code
// that Hono, Durable Objects, and Upstash's libraries allow.
import { type Context, Hono } from "hono";
import { addressOf, userOf } from "./bare-caller.ts";
import { type BareBindings, bareOrderRoutes, settleBareOrders } from "./bare-order.ts";
import type { BareOrder } from "./bare-shop.ts";
import { canAnswer, cannedAnswer } from "./canned.ts";
import { type InventoryBindings, inventoryRoutes } from "./inventory-routes.ts";

export { BareShop } from "./bare-shop.ts";
export { CopiedOrders as SkuInventory } from "./copied-orders.ts";

type Bindings = InventoryBindings & BareBindings;

const app = new Hono<{ Bindings: Bindings }>();
type AppContext = Context<{ Bindings: Bindings }>;

// Routes that return the canned response.

app.put("/canned", async (c) => {
  canAnswer(await c.req.json());
  return c.body(null, 204);
});

app.get("/canned", (c) => {
  const { body, status, headers } = cannedAnswer();
  return c.body(body, status, headers);
});

const answerWithJson = (c: AppContext) => {
  const { json, status, headers } = cannedAnswer();
  return c.json(json, status, headers);
};

app.get("/canned/json", answerWithJson);

app.get("/canned/conditional", (c) => {
  const { body, headers } = cannedAnswer();
  return c.req.header("if-none-match") === headers.etag
    ? c.body(null, 304, headers)
    : c.body(body, 200, headers);
});

const respondToPost = async (c: AppContext) => {
  await c.req.json();
  return answerWithJson(c);
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

// Buying through forms. The sale page is cached and the same for everybody, so it cannot carry a key;
// its Buy leads to a page made for this one attempt, which does. Sent twice, it finds the same order.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { idSchema } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { type Refusal, refuse } from "../errors.ts";
import { orderBodySchema, type Stage } from "../funnel/attempt.ts";
import { identify } from "../funnel/identity.ts";
import { checkIdempotencyKey } from "../funnel/shape.ts";
import { type AppEnv, readForm } from "../http.ts";
import { placeOrder } from "../orders/buyer.ts";
import { explain, faultPage, isPassing, refusalHeaders } from "./refusals.ts";
import { renderBuy } from "./views/buy.tsx";
import { signInWays } from "./views/parts.tsx";

const MAX_FORM_BYTES = 4_096;
const PATH = "/sales/:saleId/skus/:skuId/buy";

type BuyContext = Context<AppEnv, typeof PATH>;

const quantitySchema = z.coerce.number().pipe(orderBodySchema.shape.quantity);

const formSchema = z.strictObject({
  quantity: quantitySchema,
  key: z.string().max(64),
  paymentToken: orderBodySchema.shape.paymentToken,
  ticket: orderBodySchema.shape.ticket,
});

export const buyRoutes = new Hono<AppEnv>().get(PATH, ask).post(PATH, buy);

/** Stage 1 of the funnel for a form: the same attempt, other clothes. */
const formShape: Stage = {
  name: "shape",
  async check(attempt) {
    if (!idSchema.safeParse(attempt.skuId).success) return refuse("not_found");
    const form = await readForm(attempt.c, formSchema, MAX_FORM_BYTES);
    if (!form.ok) return form.refusal;
    const { key, ...body } = form.value;
    const refusal = checkIdempotencyKey(key);
    if (refusal) return refusal;
    attempt.body = body;
    attempt.idempotencyKey = key;
    return undefined;
  },
};

async function ask(c: BuyContext): Promise<Response> {
  const quantity = quantitySchema.safeParse(c.req.query("quantity") ?? "1");
  const identity = await identify(c, c.get("config"));
  return answer(c, {
    quantity: quantity.data ?? 1,
    key: crypto.randomUUID(),
    signedIn: identity.ok,
  });
}

async function buy(c: BuyContext): Promise<Response> {
  let seen: { quantity: number; key: string } | undefined;
  const placed = await placeOrder(c, c.req.param("skuId"), {
    name: formShape.name,
    async check(attempt) {
      const refusal = await formShape.check(attempt);
      if (!refusal) seen = { quantity: attempt.body.quantity, key: attempt.idempotencyKey };
      return refusal;
    },
  });
  if (placed.ok) {
    c.header("Cache-Control", "private, no-store");
    return c.redirect(`/orders/${placed.order.id}`, 303);
  }
  const { refusal } = placed;
  if (!seen || refusal.reason === "forbidden") return faultPage(c, refusal);
  const signedIn = refusal.reason !== "unauthenticated";
  // The key stays while the same attempt can still succeed, or may have succeeded unseen.
  const key = isPassing(refusal) ? seen.key : crypto.randomUUID();
  return answer(c, { quantity: seen.quantity, key, signedIn, refusal });
}

interface Attempted {
  quantity: number;
  key: string;
  signedIn: boolean;
  refusal?: Refusal;
}

async function answer(c: BuyContext, attempted: Attempted): Promise<Response> {
  const catalog = await readCatalog(c);
  const found = catalog.sku(c.req.param("skuId"));
  if (!found || found.entry.sale.id !== c.req.param("saleId")) {
    return faultPage(c, refuse("not_found"));
  }
  const { refusal, signedIn } = attempted;
  const status = refusal ? refusalHeaders(c, refusal) : 200;
  c.header("Cache-Control", "private, no-store");
  const page = await renderBuy({
    sale: found.entry.sale,
    sku: found.sku,
    quantity: Math.min(attempted.quantity, found.sku.perUserLimit),
    attemptKey: attempted.key,
    signedIn,
    signInWays: signInWays(c.get("config")),
    origin: new URL(c.req.url).origin,
    again: !refusal || isPassing(refusal),
    ...(refusal && signedIn ? { refusal: explain(refusal) } : {}),
  });
  return c.html(page, status);
}

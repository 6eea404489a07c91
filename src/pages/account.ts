// The buyer's pages and forms: orders, payment, cancellation, sign-in and sign-out. Never cached.
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";
import { findSale } from "../catalog/archive.ts";
import type { Sale } from "../catalog/schema.ts";
import { paymentBodySchema } from "../funnel/attempt.ts";
import { shieldRoute } from "../funnel/flood-shield.ts";
import { csrfRefusal, signDemoToken } from "../funnel/identity.ts";
import { clearSessions, loginSchema, setSession } from "../funnel/login.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import { secure } from "../http/headers.ts";
import { type AppContext, type AppEnv, readForm } from "../http/request.ts";
import type { Order } from "../inventory/order.ts";
import { cancelOrder, ownOrder, payOrder } from "../orders/buyer.ts";
import { findOrder, listOrders } from "../orders/my-orders.ts";
import { paymentPause } from "../orders/payment-wait.ts";
import { paymentModeOf } from "../payments/payment-mode.ts";
import { needsPayment, pauseText } from "./copy/order.ts";
import { errorPage, explain, refusalHeaders } from "./error-pages.ts";
import { personalPage, readsRightToLeft, toShared } from "./page.ts";
import { cardFormSettings } from "./views/card-form.tsx";
import { signInOptions } from "./views/components.tsx";
import { renderCancel, renderOrder } from "./views/order.tsx";
import { renderOrders } from "./views/orders.tsx";
import { renderSignIn } from "./views/sign-in.tsx";

const MAX_FORM_BYTES = 2_048;
/** A path on this site; excludes anything that a browser resolves to another host. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

const loginFormSchema = loginSchema.extend({
  next: z.string().max(512).regex(LOCAL_PATH).catch("/orders").default("/orders"),
});

const noStore = createMiddleware<AppEnv>(async function noStore(c, next) {
  c.header("Cache-Control", "private, no-store");
  await next();
});

/**
 * Stripe sends buyers back from their bank with the payment's client secret in the query. It must not stay in the address,
 * where scripts, logs and shared links would have it, and it proves nothing: the order page looks the result up.
 */
const cleanReturn = createMiddleware<AppEnv>(async function cleanReturn(c, next) {
  if (c.req.query("payment_intent") === undefined) return next();
  return c.redirect(`${new URL(c.req.url).pathname}#returned`, 303);
});

/**
 * A buyer who entered the card before the order comes back to an address that only names the item. Leads to the order that
 * the bank asked about, or to the newest paid one of the item. Without any, the list of orders is shown.
 */
const returnToOrder = createMiddleware<AppEnv>(async function returnToOrder(c, next) {
  const skuId = c.req.query("sku");
  if (c.req.query("payment_intent") === undefined || skuId === undefined) return next();
  const listed = await listOrders(c);
  const orders = listed.ok ? listed.orders : [];
  const paid = orders.filter((order) => order.skuId === skuId && order.payment);
  const order = paid.find(({ payment }) => payment === "action_required") ?? paid[0];
  return order ? c.redirect(`/orders/${order.id}#returned`, 303) : next();
});

export const accountRoutes = new Hono<AppEnv>()
  .get("/orders", noStore, returnToOrder, cleanReturn, list)
  .get("/orders/:orderId", noStore, cleanReturn, (c) => show(c))
  .get("/orders/:orderId/checkout", noStore, checkout)
  .post("/orders/:orderId/payment", noStore, pay)
  .get("/orders/:orderId/cancel", noStore, confirmCancel)
  .post("/orders/:orderId/cancel", noStore, cancel)
  .post("/login", noStore, login)
  .post("/logout", noStore, logout);

type OrderContext = Context<AppEnv, "/orders/:orderId">;

/** Answers a refusal: with the sign-in page if the caller is not signed in, else with an error page. */
async function refusalPage(c: AppContext, refusal: Refusal): Promise<Response> {
  if (refusal.reason !== "unauthenticated") return errorPage(c, refusal);
  const status = refusalHeaders(c, refusal);
  const { origin, pathname } = new URL(c.req.url);
  const next = c.req.method === "GET" ? pathname : "/orders";
  const options = signInOptions(c.get("config"));
  return c.html(await renderSignIn(personalPage(c), next, origin, options), status);
}

async function list(c: AppContext): Promise<Response> {
  const listed = await listOrders(c, c.req.query("cursor"));
  if (!listed.ok) return refusalPage(c, listed.refusal);
  const page = personalPage(c);
  const [newest] = listed.orders;
  // For everyone else the list runs from left to right anyway.
  const sale = newest && readsRightToLeft(page) ? await saleOf(c, newest) : undefined;
  const html = await renderOrders(page, {
    list: listed,
    now: Date.now(),
    signOut: c.get("config").DEMO_LOGIN,
    language: sale?.language,
  });
  return c.html(html);
}

/** The sale whose theme the order page uses. Undefined if it is gone: the page then uses the order's own data. */
const saleOf = async (c: AppContext, { saleId }: Order): Promise<Sale | undefined> =>
  (await findSale(c.get("scope"), saleId).catch(() => undefined))?.sale;

async function show(c: OrderContext, fault?: Refusal): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return refusalPage(c, owned.refusal);
  const found = await findOrder(c, owned);
  if (!found.ok) return refusalPage(c, found.refusal);
  const { order } = found;
  const config = c.get("config");
  const paymentMode = paymentModeOf(config);
  const isLast = order.payment === "declined" && order.attemptsLeft === 0;
  const mayBePaid = order.status === "reserved" && order.unitPrice.amount > 0 && !isLast;
  const cardForm = paymentMode === "card-form" && mayBePaid ? cardFormSettings(config) : undefined;
  const pause = mayBePaid ? await paymentPause(c.get("scope"), order.payment === "due") : undefined;
  const page = personalPage(c);
  const { wording } = page;
  const html = await renderOrder(page, {
    order,
    sale: await saleOf(c, order),
    now: Date.now(),
    address: new URL(`/orders/${order.id}`, c.req.url).href,
    paymentMode,
    cardForm,
    signInOptions: signInOptions(config),
    fault: fault && explain(fault, wording).text,
    notice: pause && pauseText(pause, wording),
  });
  const response = await c.html(html, fault ? refusalHeaders(c, fault) : 200);
  secure(response.headers, { stripeJs: cardForm?.stripeJs });
  return response;
}

/** Redirects to the shop's checkout with the order ID and the return URL. */
async function checkout(c: OrderContext): Promise<Response> {
  const { CHECKOUT_URL } = c.get("config");
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return refusalPage(c, owned.refusal);
  if (!CHECKOUT_URL) return refusalPage(c, refuse("not_found"));
  const target = new URL(CHECKOUT_URL);
  target.searchParams.set("order", owned.ref.orderId);
  target.searchParams.set("return_to", new URL(`/orders/${owned.ref.orderId}`, c.req.url).href);
  return c.redirect(target.href, 303);
}

async function pay(c: OrderContext): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return refusalPage(c, owned.refusal);
  const form = await readForm(c, paymentBodySchema, MAX_FORM_BYTES);
  if (!form.ok) return show(c, form.refusal);
  const paid = await payOrder(c, owned, form.value.paymentToken);
  return paid.ok ? c.redirect(`/orders/${paid.order.id}`, 303) : show(c, paid.refusal);
}

/** Asks for confirmation before canceling, without JavaScript. An order that is no longer reserved is shown instead. */
async function confirmCancel(c: OrderContext): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return refusalPage(c, owned.refusal);
  const found = await findOrder(c, owned);
  if (!found.ok) return refusalPage(c, found.refusal);
  const { order } = found;
  if (!needsPayment(order)) return c.redirect(`/orders/${order.id}`, 303);
  return c.html(await renderCancel(personalPage(c), order, await saleOf(c, order)));
}

async function cancel(c: OrderContext): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return refusalPage(c, owned.refusal);
  const canceled = await cancelOrder(c, owned);
  return canceled.ok ? c.redirect(`/orders/${canceled.order.id}`, 303) : show(c, canceled.refusal);
}

async function login(c: AppContext): Promise<Response> {
  const config = c.get("config");
  if (!config.DEMO_LOGIN) return errorPage(c, refuse("not_found"));
  const refusal = csrfRefusal(c) ?? (await shieldRoute(c, "login"));
  if (refusal) return errorPage(c, refusal);
  const form = await readForm(c, loginFormSchema, MAX_FORM_BYTES);
  if (!form.ok) return errorPage(c, form.refusal);
  setSession(c, await signDemoToken(form.value.user, config));
  return c.redirect(form.value.next, 303);
}

async function logout(c: AppContext): Promise<Response> {
  const foreign = csrfRefusal(c);
  if (foreign) return errorPage(c, foreign);
  clearSessions(c);
  return c.redirect(toShared(personalPage(c), "/"), 303);
}

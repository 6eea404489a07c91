// The pages of the console. They are personal: never cached, and only for operators and viewers.
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod";
import { idSchema } from "../../catalog/schema.ts";
import { registryOf } from "../../catalog/store.ts";
import { csrfRefusal } from "../../funnel/identity.ts";
import { refuse } from "../../http/errors.ts";
import { type AppContext, type AppEnv, readForm } from "../../http/request.ts";
import { causeOf, log } from "../../observability/log.ts";
import { readMetrics, TOTALS } from "../../observability/read-metrics.ts";
import { refusalHeaders } from "../../pages/error-pages.ts";
import { authenticate, authenticateToken } from "../auth.ts";
import { readFigures } from "../figures.ts";
import { endSession, startSession } from "../session.ts";
import { tokenSchema } from "../sign-in.ts";
import { alertPages } from "./alert-routes.ts";
import { deadLetterPages } from "./dead-letter-routes.ts";
import { keptForm } from "./kept-form.tsx";
import { linePages } from "./line-routes.ts";
import { changeSwitchesPage, showLog, showSwitchesPage } from "./operations.ts";
import { orderPages } from "./order-routes.ts";
import { renderFigures, renderOverview } from "./overview.tsx";
import { HOME, NO_SALE, refusalPage } from "./refusal-page.ts";
import { reportPages } from "./report-routes.ts";
import { rulePages } from "./rule-routes.ts";
import { editorPages } from "./sale-editor-routes.ts";
import { salePages } from "./sale-routes.ts";
import { renderSales } from "./sales.tsx";
import { webhookPages } from "./webhook-routes.ts";

const MAX_FORM_BYTES = 2_048;
const PAGE_SIZE = 50;

const signInForm = z.strictObject({
  token: tokenSchema,
  /** The page to come back to: one of the console's. */
  next: z
    .string()
    .regex(/^\/admin(?:\/[\w-]+(?:\.[\w-]+)*)*$/)
    .catch(HOME)
    .default(HOME),
});

const noStore = createMiddleware<AppEnv>(async function noStore(c, next) {
  c.header("Cache-Control", "private, no-store");
  await next();
});

/** Shows the sign-in page to everyone else, and keeps what was typed. */
const signedIn = createMiddleware<AppEnv>(async function signedIn(c, next) {
  const found = await authenticate(c);
  if (!found.ok) {
    const kept = found.refusal.reason === "unauthenticated" ? await keptForm(c) : undefined;
    return kept ? c.html(kept, refusalHeaders(c, found.refusal)) : refusalPage(c, found.refusal);
  }
  c.set("operator", found.operator);
  return next();
});

/** The console. Mounted at `/admin`. */
export const consoleRoutes = new Hono<AppEnv>()
  .use(noStore)
  .post("/sign-in", signIn)
  .post("/sign-out", signOut)
  .use(signedIn)
  .get("/", showSales)
  .route("/", salePages)
  .route("/", editorPages)
  .get("/sales/:saleId", showSale)
  .get("/sales/:saleId/figures", showFigures)
  .route("/sales/:saleId/report", reportPages)
  .get("/switches", showSwitchesPage)
  .post("/switches", changeSwitchesPage)
  .route("/alerts", alertPages)
  .route("/", linePages)
  .route("/orders", orderPages)
  .route("/dead-letters", deadLetterPages)
  .route("/webhooks", webhookPages)
  .route("/rules", rulePages)
  .get("/log", showLog);

consoleRoutes.onError((error, c: AppContext) => {
  const requestId = c.get("requestId");
  log("request.failed", { requestId, route: c.req.routePath, cause: causeOf(error) });
  return refusalPage(c, refuse("unavailable"));
});

async function signIn(c: AppContext): Promise<Response> {
  const foreign = csrfRefusal(c);
  if (foreign) return refusalPage(c, foreign);
  const form = await readForm(c, signInForm, MAX_FORM_BYTES);
  if (!form.ok) return refusalPage(c, form.refusal);
  const found = await authenticateToken(c, form.value.token);
  if (!found.ok) return refusalPage(c, found.refusal);
  startSession(c, found.operator.role);
  return c.redirect(form.value.next, 303);
}

async function signOut(c: AppContext): Promise<Response> {
  const foreign = csrfRefusal(c);
  if (foreign) return refusalPage(c, foreign);
  endSession(c);
  return c.redirect(HOME, 303);
}

async function showSales(c: AppContext): Promise<Response> {
  const after = idSchema.safeParse(c.req.query("cursor"));
  const [listed, metrics] = await Promise.all([
    registryOf(c.env).list(after.data ?? "", PAGE_SIZE),
    readMetrics(c.env, TOTALS).catch(() => null),
  ]);
  using shown = listed;
  const next = shown.length === PAGE_SIZE ? shown.at(-1)?.registered.id : undefined;
  const operator = c.get("operator");
  return c.html(await renderSales({ operator, shown, next, metrics, now: Date.now() }));
}

type SaleContext = Context<AppEnv, "/sales/:saleId" | "/sales/:saleId/figures">;

const figuresOf = async (c: SaleContext) => {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  return saleId.success ? readFigures(c.get("scope"), saleId.data) : undefined;
};

async function showSale(c: SaleContext): Promise<Response> {
  const figures = await figuresOf(c);
  if (!figures) return refusalPage(c, NO_SALE);
  return c.html(await renderOverview(figures, c.get("operator")));
}

/** The part of the page that its script replaces. */
async function showFigures(c: SaleContext): Promise<Response> {
  const figures = await figuresOf(c);
  if (!figures) return refusalPage(c, NO_SALE);
  return c.html(await renderFigures(figures));
}

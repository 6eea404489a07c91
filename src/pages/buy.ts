// Buying without JavaScript. The sale page is cached and the same for everybody, so it cannot carry an
// idempotency key. Its Buy button leads to an order form that does: submitting it twice finds the same order.
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import { findSale, findSku } from "../catalog/archive.ts";
import { canChallenge } from "../catalog/challenge-mode.ts";
import type { Stop } from "../catalog/sale-state.ts";
import { idSchema, mostUnits, type Sale, type Sku, saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { stopsOf } from "../catalog/stops.ts";
import { type OrderRequest, orderBodySchema } from "../funnel/attempt.ts";
import { shieldRoute } from "../funnel/flood-shield.ts";
import { identify } from "../funnel/identity.ts";
import { type OrderReader, readIdempotencyKey } from "../funnel/shape.ts";
import { signVisit } from "../funnel/visit.ts";
import { refuse } from "../http/errors.ts";
import { type AppEnv, readForm } from "../http/request.ts";
import { placeOrder } from "../orders/place-order.ts";
import { paymentModeOf } from "../payments/payment-mode.ts";
import { stockOf } from "./availability.ts";
import { stopWords } from "./copy/stop.ts";
import { errorPage, explain, isRetryable, refusalHeaders } from "./error-pages.ts";
import { BUY_PATH, type CARD_CHOICE_PATH, cardChoicePath, PICK_PATH } from "./item-paths.ts";
import { type Page, personalPage, toSale } from "./page.ts";
import { type BuyProps, renderBuy } from "./views/buy.tsx";
import { signInOptions } from "./views/components.tsx";

const MAX_FORM_BYTES = 4_096;

type BuyContext = Context<AppEnv, typeof BUY_PATH>;

export const quantitySchema = z.coerce.number().pipe(orderBodySchema.shape.quantity);

const formSchema = z.strictObject({
  quantity: quantitySchema,
  key: z.string().max(64),
  paymentToken: orderBodySchema.shape.paymentToken,
  ticket: orderBodySchema.shape.ticket,
  /** The price shown on the form: `1200 USD`. */
  unitPrice: z
    .string()
    .regex(/^\d{1,9} [A-Z]{3}$/)
    .transform((text) => {
      const [amount, currency = ""] = text.split(" ");
      return { amount: Number(amount), currency };
    })
    .pipe(orderBodySchema.shape.unitPrice.unwrap())
    .optional(),
  visit: z.string().max(1_024).optional(),
});

export const buyRoutes = new Hono<AppEnv>()
  .get(PICK_PATH, leadToItem)
  .get(BUY_PATH, showForm)
  .post(BUY_PATH, submitForm);

/** Reads an order from a submitted form. */
const readOrderForm: OrderReader = async (c, skuId) => {
  if (!idSchema.safeParse(skuId).success) return { ok: false, refusal: refuse("not_found") };
  const form = await readForm(c, formSchema, MAX_FORM_BYTES);
  if (!form.ok) return form;
  const { key, visit, ...body } = form.value;
  const named = readIdempotencyKey(key);
  if (!named.ok) return named;
  return { ok: true, value: { body, idempotencyKey: named.key, visit } };
};

/** The SKU in the URL, if it belongs to the sale in the URL. */
export async function findItem(c: Context<AppEnv, typeof BUY_PATH | typeof CARD_CHOICE_PATH>) {
  const found = await findSku(c.get("scope"), c.req.param("skuId"));
  return found?.entry.sale.id === c.req.param("saleId")
    ? { entry: found.entry, sale: found.entry.sale, sku: found.sku }
    : undefined;
}

/** Leads from the picker of a product to the order form of the chosen SKU. Without a choice, back to the sale. */
async function leadToItem(c: Context<AppEnv, typeof PICK_PATH>): Promise<Response> {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  if (!saleId.success) return errorPage(c, refuse("not_found"));
  c.header("Cache-Control", "private, no-store");
  const skuId = idSchema.safeParse(c.req.query("sku"));
  // Remembers the language of the page that leads here.
  const page = personalPage(c);
  if (!skuId.success) {
    const entry = await findSale(c.get("scope"), saleId.data);
    return entry ? c.redirect(toSale(page, entry.sale), 303) : errorPage(c, refuse("not_found"));
  }
  const quantity = quantitySchema.safeParse(c.req.query("quantity")).data ?? 1;
  return c.redirect(`/sales/${saleId.data}/skus/${skuId.data}/buy?quantity=${quantity}`, 303);
}

async function showForm(c: BuyContext): Promise<Response> {
  const item = await findItem(c);
  if (!item) return errorPage(c, refuse("not_found"));
  const { sale } = item;
  const now = Date.now();
  const state = saleState(sale, now);
  const stop = stopsOf(await readCatalog(c.get("scope")), item, now).get(item.sku.id);
  const chosen = quantitySchema.safeParse(c.req.query("quantity")).data ?? 1;
  const quantity = Math.min(chosen, mostUnits(item.entry.sale, item.sku));
  const stock = await stockOf(c, item.entry, item.sku.id);
  const lowered = stock?.available && stock.available < quantity ? stock.available : undefined;
  const isSoldOut = state === "open" && stock?.state === "sold_out";
  const identity = await identify(c, c.get("config"));
  const page = personalPage(c);
  return renderForm(c, page, item, {
    quantity: lowered ?? quantity,
    lowered,
    key: crypto.randomUUID(),
    signedIn: identity.ok,
    open: state === "open" && !stop && !isSoldOut,
    ...(isSoldOut ? { words: explain(refuse("sold_out"), page.wording) } : {}),
    ...(stop ? { words: stopped(stop, page) } : {}),
    ...(state === "upcoming" ? beforeOpening(sale, now, page) : {}),
    ...(state === "closed" ? { words: explain(refuse("sale_closed"), page.wording) } : {}),
  });
}

/** Says when the sale opens. The page has no Confirm button, and reloads itself then. */
const beforeOpening = (sale: Sale, now: number, { wording }: Page) => ({
  words: explain(refuse("sale_not_open", sale), wording),
  opensIn: Math.ceil((Date.parse(sale.opensAt) - now) / 1_000),
});

function stopped(stop: Stop, { wording }: Page): { title: string; text: string } {
  const { label, why } = stopWords(stop, wording);
  return { title: label, text: why };
}

async function submitForm(c: BuyContext): Promise<Response> {
  // An item that is no longer on sale may have an earlier order under this key.
  const item = await findItem(c).catch(() => undefined);
  let sent: OrderRequest | undefined;
  const placed = await placeOrder(c, c.req.param("skuId"), async (...given) => {
    const read = await readOrderForm(...given);
    if (read.ok) sent = read.value;
    // Such an item takes no new order; only an earlier one is looked up.
    if (read.ok && !item) sent = Object.assign(read.value, { pending: refuse("not_found") });
    return read;
  });
  if (placed.ok) {
    c.header("Cache-Control", "private, no-store");
    return c.redirect(`/orders/${placed.order.id}`, 303);
  }
  const { refusal } = placed;
  if (!item || !sent || refusal.reason === "forbidden") return errorPage(c, refusal);
  const signedIn = refusal.reason !== "unauthenticated";
  const retryable = isRetryable(refusal);
  const status = refusalHeaders(c, refusal);
  const { unitPrice, reason } = refusal;
  const mode = reason === "payment_method_required" ? paymentModeOf(c.get("config")) : undefined;
  if (mode === "card-form") return c.redirect(cardChoicePath(item, sent.body.quantity), 303);
  const takesPayment = mode === "sandbox";
  const shown = unitPrice ? { ...item, sku: { ...item.sku, unitPrice } } : item;
  const page = personalPage(c);
  return renderForm(c, page, shown, {
    quantity: sent.body.quantity,
    // Keep the key while the same attempt can still succeed, or may have succeeded without a response.
    key: retryable ? sent.idempotencyKey : crypto.randomUUID(),
    signedIn,
    open: retryable || takesPayment || !signedIn,
    takesPayment,
    status,
    ...(signedIn
      ? { words: { ...explain(refusal, page.wording), orderId: refusal.orderIds?.[0] } }
      : {}),
  });
}

/**
 * The visit token for this form, which no cache stores. It shares the rate limit of the tokens that scripts fetch:
 * beyond the limit the form has none, and its buyer may be challenged.
 */
async function visitOf(c: BuyContext, sale: Sale): Promise<{ visit?: string }> {
  if (!canChallenge(sale) || (await shieldRoute(c, "visit"))) return {};
  return { visit: await signVisit(c, sale.id) };
}

interface FormState {
  quantity: number;
  lowered?: number | undefined;
  key: string;
  signedIn: boolean;
  open: boolean;
  opensIn?: number;
  takesPayment?: boolean;
  status?: ContentfulStatusCode;
  words?: BuyProps["refusal"];
}

async function renderForm(
  c: BuyContext,
  page: Page,
  { sale, sku }: { sale: Sale; sku: Sku },
  { quantity, key, takesPayment = false, status, words, ...rest }: FormState,
): Promise<Response> {
  c.header("Cache-Control", "private, no-store");
  const html = await renderBuy(page, {
    sale,
    sku,
    ...rest,
    quantity: Math.min(quantity, mostUnits(sale, sku)),
    attemptKey: key,
    ...(await visitOf(c, sale)),
    signInOptions: signInOptions(c.get("config")),
    origin: new URL(c.req.url).origin,
    takesPayment,
    ...(words ? { refusal: words } : {}),
  });
  return c.html(html, status);
}

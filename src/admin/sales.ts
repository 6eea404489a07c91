// The operator's routes for sales: conditional reads and writes, and restocks.
import type { Context } from "hono";
import * as z from "zod";
import { holds, type Precondition } from "../catalog/precondition.ts";
import { etagOfSale, type SaleWithStock } from "../catalog/registry-types.ts";
import { deleteSale, putSale, restock } from "../catalog/sale-commands.ts";
import { idSchema, type Sale, type SaleView, saleDocumentSchema } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import type { Config } from "../config/config.ts";
import { readIdempotencyKey } from "../funnel/shape.ts";
import { type Issue, problem, refuse, toIssues } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { MAX_UNITS } from "../inventory/decide-stock.ts";
import { takesPlayMoney } from "../payments/payment-mode.ts";
import { refusePrice } from "../payments/price.ts";
import { invalid, readCondition } from "./condition.ts";
import { atLedger } from "./ledger.ts";
import { recorded } from "./log.ts";

export const MAX_SALE_BYTES = 131_072;
const MAX_RESTOCK_BYTES = 1_024;
const PAGE_SIZE = 50;

export const restockSchema = z.strictObject({
  quantity: z
    .int()
    .min(-MAX_UNITS)
    .max(MAX_UNITS)
    .refine((quantity) => quantity !== 0, "must not be 0"),
});

type SaleContext = Context<AppEnv, "/sales/:saleId">;

export async function listSales(c: AppContext): Promise<Response> {
  const cursor = c.req.query("cursor");
  if (cursor !== undefined && !idSchema.safeParse(cursor).success) {
    return problem(c, invalid("cursor", "is not a cursor of this list"));
  }
  using shown = await registryOf(c.env).list(cursor ?? "", PAGE_SIZE);
  const last = shown.length === PAGE_SIZE ? shown.at(-1)?.registered.id : undefined;
  return c.json({
    sales: shown.map((each) => viewOf(c, each)),
    ...(last === undefined ? {} : { nextCursor: last }),
  });
}

export async function showSale(c: SaleContext): Promise<Response> {
  const condition = readCondition(c);
  if (!condition.ok) return problem(c, condition.refusal);
  using shown = await registryOf(c.env).show(c.req.param("saleId"));
  if (!shown?.registered.sale) return problem(c, refuse("not_found"));
  const { ifNoneMatch, ...match } = condition.value;
  const etag = etagOfSale(shown.registered);
  if (!holds(match, etag)) return problem(c, refuse("precondition_failed"));
  if (ifNoneMatch && !holds({ ifNoneMatch }, etag)) return c.body(null, 304, { ETag: etag ?? "" });
  return answer(c, shown);
}

export async function saveSale(c: SaleContext): Promise<Response> {
  const condition = readCondition(c);
  if (!condition.ok) return problem(c, condition.refusal);
  const body = await readJson(c, saleDocumentSchema, MAX_SALE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  if (body.value.id !== c.req.param("saleId")) {
    return problem(c, invalid("id", "must equal the id in the URL"));
  }
  return applySale(c, body.value, condition.value);
}

/** Creates or replaces a sale. The log has the reason, if one is given. */
export async function applySale(
  c: AppContext,
  sale: Sale,
  condition: Precondition,
  reason?: string,
): Promise<Response> {
  const issues = saleIssues(c.get("config"), sale);
  if (issues.length > 0) return problem(c, refuse("invalid_request", { issues }));
  const intent = { action: "sale.saved", target: `sale/${sale.id}`, reason } as const;
  return recorded(c, intent, async (note) => {
    using before = await registryOf(c.env).show(sale.id);
    note(before?.registered.sale, sale);
    const result = await putSale(c.env, c.get("config"), sale, condition);
    if (!result.ok) return problem(c, result.refusal);
    using shown = await registryOf(c.env).show(sale.id);
    const { warnings, created, registered } = result;
    // Another operator may have deleted it since.
    return answer(c, shown?.registered.sale ? shown : { registered, stocked: {} }, {
      ...(warnings.length > 0 ? { extra: { warnings } } : {}),
      status: created ? 201 : 200,
    });
  });
}

/** The faults of a sale beyond its schema: prices, or what the deployment's configuration does not allow. */
export function saleIssues(config: Config, sale: Sale): Issue[] {
  const prices = priceIssues(sale, config);
  if (prices.length > 0) return toIssues({ issues: prices });
  const { TURNSTILE_SITE_KEY, TURNSTILE_SECRET } = config;
  const challenges = sale.protection && sale.protection.challenge.mode !== "off";
  if (!challenges || (TURNSTILE_SITE_KEY && TURNSTILE_SECRET)) return [];
  const message = "needs TURNSTILE_SITE_KEY and TURNSTILE_SECRET to be set";
  return [{ path: "protection.challenge.mode", message }];
}

/** Prices that cannot be charged. Checked only here, so that sales stored before these rules remain valid. */
const priceIssues = ({ skus, rehearsal }: Sale, config: Config) =>
  skus.flatMap(({ unitPrice, perUserLimit }, n) => {
    const isReal = rehearsal && unitPrice.amount > 0 && !takesPlayMoney(config);
    const message = isReal
      ? "must be 0: a rehearsal takes money only from the sandbox, or with a test key of Stripe"
      : refusePrice(unitPrice, perUserLimit, config.PAYMENTS);
    return message === undefined ? [] : [{ path: ["skus", n, "unitPrice"], message }];
  });

export async function removeSale(c: SaleContext): Promise<Response> {
  const condition = readCondition(c);
  if (!condition.ok) return problem(c, condition.refusal);
  const id = c.req.param("saleId");
  if (!idSchema.safeParse(id).success) return problem(c, refuse("not_found"));
  return recorded(c, { action: "sale.deleted", target: `sale/${id}` }, async () => {
    const result = await deleteSale(c.env, c.get("config"), id, condition.value);
    return result.ok ? c.body(null, 204) : problem(c, result.refusal);
  });
}

export async function restockSku(c: Context<AppEnv, "/skus/:skuId/restock">): Promise<Response> {
  const named = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!named.ok) return problem(c, named.refusal);
  const body = await readJson(c, restockSchema, MAX_RESTOCK_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return applyRestock(c, c.req.param("skuId"), named.key, body.value.quantity);
}

/** Adds units to a SKU, or removes free ones, once per key. Answers with its ledger. */
export async function applyRestock(
  c: AppContext,
  id: string,
  key: string,
  quantity: number,
  reason?: string,
): Promise<Response> {
  const skuId = idSchema.safeParse(id);
  if (!skuId.success) return problem(c, refuse("not_found"));
  const target = `sku/${skuId.data}` as const;
  const intent = { action: "sku.restocked", target, key, reason, asks: { quantity } } as const;
  return recorded(c, intent, async () => {
    const result = await restock(c.env, c.get("config"), skuId.data, quantity, key);
    if (!result.ok) return problem(c, result.refusal);
    if (result.replayed) c.header("Idempotent-Replayed", "true");
    c.header("ETag", etagOfSale(result.registered) ?? "");
    return atLedger(c, async (inventory) => inventory.report(), skuId.data);
  });
}

function answer(
  c: AppContext,
  shown: SaleWithStock,
  { extra = {}, status = 200 }: { extra?: object; status?: 200 | 201 } = {},
): Response {
  c.header("ETag", etagOfSale(shown.registered) ?? "");
  return c.json({ ...viewOf(c, shown), ...extra }, status);
}

/** A sale as the API returns it. A client can send it back unchanged. */
function viewOf(c: AppContext, { registered, stocked }: SaleWithStock): SaleView {
  const sale = registered.sale as Sale;
  const origin = c.get("config").PUBLIC_ORIGIN ?? new URL(c.req.url).origin;
  return {
    ...sale,
    skus: sale.skus.map((sku) => ({ ...sku, stocked: stocked[sku.id] ?? 0 })),
    url: `${origin}/sales/${sale.id}`,
  };
}

// The console's routes for one sale: its stock, its preflight, and links to its preview.
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import { idSchema, type Sale } from "../../catalog/schema.ts";
import { registryOf } from "../../catalog/store.ts";
import type { Issue } from "../../http/errors.ts";
import { type AppEnv, readForm } from "../../http/request.ts";
import { expectedSchema, type Preflight, runPreflight } from "../preflight/preflight.ts";
import { applyPreviewLink, lifeSchema, type PreviewLink } from "../preview-links.ts";
import { applyRestock } from "../sales.ts";
import { commandIn, MAX_FORM_BYTES, numberIn } from "./form-schema.ts";
import { renderPreflight } from "./preflight.tsx";
import { renderPreviewLink } from "./preview-link.tsx";
import { issuesOf, NO_SALE, refusalPage } from "./refusal-page.ts";
import { renderStock } from "./stock.tsx";
import { type StockForm, stockForm, unitsOf } from "./stock-form.ts";
import { submitForm } from "./submit-form.ts";

type SaleContext = Context<AppEnv, "/sales/:saleId/stock">;

export const salePages = new Hono<AppEnv>()
  .get("/sales/:saleId/stock", (c) => stockPage(c, {}))
  .post("/sales/:saleId/stock", (c) => restock(c))
  .get("/sales/:saleId/preflight", (c) => preflightPage(c, {}))
  .post("/sales/:saleId/preflight", preflight)
  .get("/sales/:saleId/preview-link", (c) => previewLinkPage(c, {}))
  .post("/sales/:saleId/preview-link", (c) => makeLink(c));

/** A sale and the units that its objects put on sale. Plain copies, because the answer of an RPC must not outlive the request. */
async function saleOf(
  c: SaleContext,
): Promise<{ sale: Sale; stocked: Record<string, number> } | undefined> {
  const id = idSchema.safeParse(c.req.param("saleId"));
  if (!id.success) return undefined;
  using shown = await registryOf(c.env).show(id.data);
  const sale = shown?.registered.sale;
  return sale ? structuredClone({ sale, stocked: shown.stocked }) : undefined;
}

interface ShownStock {
  form?: StockForm;
  issues?: readonly Issue[];
  status?: ContentfulStatusCode;
}

async function stockPage(c: SaleContext, { status = 200, ...shown }: ShownStock) {
  const found = await saleOf(c);
  if (!found) return refusalPage(c, NO_SALE);
  const html = await renderStock({
    ...{ operator: c.get("operator"), ...found, key: crypto.randomUUID() },
    isDone: c.req.query("done") !== undefined,
    ...shown,
  });
  return c.html(html, status);
}

const restock = (c: SaleContext): Promise<Response> =>
  submitForm(c, stockForm, {
    apply(form) {
      const units = unitsOf(form);
      const { skuId, key, reason } = form;
      return units.ok ? applyRestock(c, skuId, key, units.command.quantity, reason) : units.issues;
    },
    done: () => c.redirect(`/admin/sales/${c.req.param("saleId")}/stock?done=1`, 303),
    show: (refused) => stockPage(c, refused),
  });

const preflightForm = z.strictObject({ expected: z.string().trim().max(20).default("") });
const expectedField = z.object({ expected: expectedSchema.optional() });

interface ShownPreflight {
  expected?: string;
  found?: Preflight;
  issues?: readonly Issue[];
  status?: ContentfulStatusCode;
}

async function preflightPage(c: SaleContext, { status = 200, ...shown }: ShownPreflight) {
  const of = await saleOf(c);
  if (!of) return refusalPage(c, NO_SALE);
  const { sale } = of;
  return c.html(
    await renderPreflight({ operator: c.get("operator"), sale, expected: "", ...shown }),
    status,
  );
}

async function preflight(c: SaleContext): Promise<Response> {
  const form = await readForm(c, preflightForm, MAX_FORM_BYTES);
  if (!form.ok) return preflightPage(c, { issues: issuesOf(form.refusal), status: 400 });
  const { expected } = form.value;
  const asked = commandIn(expectedField, { expected: numberIn(expected) });
  if (!asked.ok) return preflightPage(c, { expected, issues: asked.issues, status: 400 });
  const found = await runPreflight(c, c.req.param("saleId"), asked.command.expected);
  return found ? preflightPage(c, { expected, found }) : refusalPage(c, NO_SALE);
}

interface ShownLink {
  link?: PreviewLink;
  issues?: readonly Issue[];
  status?: ContentfulStatusCode;
}

async function previewLinkPage(c: SaleContext, { status = 200, ...shown }: ShownLink) {
  const of = await saleOf(c);
  if (!of) return refusalPage(c, NO_SALE);
  const { sale } = of;
  return c.html(await renderPreviewLink({ operator: c.get("operator"), sale, ...shown }), status);
}

const linkForm = z.strictObject({
  validSeconds: z.coerce.number().pipe(lifeSchema),
});

/** Shows the link in the answer to the form: an address with it would be kept in the browser's history. */
const makeLink = (c: SaleContext): Promise<Response> =>
  submitForm(c, linkForm, {
    apply: ({ validSeconds }) => applyPreviewLink(c, c.req.param("saleId"), validSeconds),
    done: async (_, answer) => previewLinkPage(c, { link: await answer.json<PreviewLink>() }),
    show: ({ form: _, ...refused }) => previewLinkPage(c, refused),
  });

// The console's routes of the editor: a new sale, a copy, and changes of a sale. A save goes through the operator's API.
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { changesBetween } from "../../catalog/log-entry.ts";
import { parseCondition } from "../../catalog/precondition.ts";
import { etagOfSale } from "../../catalog/registry-types.ts";
import { idSchema, type Sale } from "../../catalog/schema.ts";
import { registryOf } from "../../catalog/store.ts";
import type { Issue } from "../../http/errors.ts";
import { type AppContext, type AppEnv, readForm } from "../../http/request.ts";
import { previewHeaders, previewResponse } from "../../pages/preview.ts";
import { stageNow } from "../../pages/preview-state.ts";
import { applySale, saleIssues } from "../sales.ts";
import { faultsOf, issuesOf, NO_SALE, refusalPage } from "./refusal-page.ts";
import { saleFromTexts, textsOf, toFieldIssue } from "./sale-document.ts";
import { type Editing, renderEditor } from "./sale-editor.tsx";
import { copyOf, MAX_SALE_FORM_BYTES, type SaleForm, saleForm } from "./sale-form.ts";
import { addRow, type List, replaceRows, rowsOf } from "./sale-rows.ts";

const NEW = "/admin/new-sale";
type EditContext = Context<AppEnv, "/sales/:saleId/edit">;

export const editorPages = new Hono<AppEnv>()
  .get("/new-sale", showNew)
  .post("/new-sale", (c) => submit(c, { path: NEW }))
  .get("/sales/:saleId/edit", showEdit)
  .post("/sales/:saleId/edit", submitEdit);

interface Stored {
  sale: Sale;
  etag: string;
}

async function storedSale(c: AppContext, id: string): Promise<Stored | undefined> {
  if (!idSchema.safeParse(id).success) return undefined;
  using shown = await registryOf(c.env).show(id);
  const registered = shown?.registered;
  if (!registered?.sale) return undefined;
  // A plain copy: the answer of an RPC must not outlive the request.
  return { sale: structuredClone(registered.sale), etag: etagOfSale(registered) ?? "" };
}

/** The id of the sale that opens last of those that are open, upcoming, or closed lately. */
async function lastSaleId(c: AppContext): Promise<string> {
  using published = await registryOf(c.env).published();
  const opening = (sale: Sale | null) => sale?.opensAt ?? "";
  const [last] = [...published.catalog.sales].sort((a, b) =>
    opening(b.sale).localeCompare(opening(a.sale)),
  );
  return last?.id ?? "";
}

async function page(
  c: AppContext,
  editing: Editing,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  return c.html(await renderEditor({ operator: c.get("operator"), ...editing }), status);
}

/** `?from=` a sale's id: a copy of it. `?from=` alone: a copy of the last one. */
async function showNew(c: AppContext): Promise<Response> {
  const from = c.req.query("from");
  if (from === undefined) return page(c, { path: NEW, texts: textsOf(), etag: "" });
  const stored = await storedSale(c, from || (await lastSaleId(c)));
  if (!stored) return refusalPage(c, NO_SALE);
  const { sale } = stored;
  const texts = copyOf(sale, textsOf(sale), Date.now());
  return page(c, { path: NEW, texts, etag: "", from: sale.id });
}

const editPath = (saleId: string): string => `/admin/sales/${saleId}/edit`;

async function showEdit(c: EditContext): Promise<Response> {
  const saleId = c.req.param("saleId");
  const stored = await storedSale(c, saleId);
  if (!stored) return refusalPage(c, NO_SALE);
  const { sale, etag } = stored;
  const isSaved = c.req.query("done") !== undefined;
  return page(c, { path: editPath(saleId), saleId, texts: textsOf(sale), etag, isSaved });
}

async function submitEdit(c: EditContext): Promise<Response> {
  const saleId = c.req.param("saleId");
  if (!idSchema.safeParse(saleId).success) return refusalPage(c, NO_SALE);
  return submit(c, { path: editPath(saleId), saleId });
}

/** Where a form was sent to. */
type Target = Pick<Editing, "path" | "saleId">;

async function submit(c: AppContext, target: Target): Promise<Response> {
  const { saleId } = target;
  const read = await readForm(c, saleForm, MAX_SALE_FORM_BYTES);
  if (!read.ok) return unreadable(c, target, issuesOf(read.refusal));
  const { step, texts: given, ...form } = read.value;
  // The id of a sale never changes.
  const texts = saleId === undefined ? given : { ...given, id: saleId };
  const editing: Editing = { ...target, ...form, texts: changedRows(texts, step) };
  if (editing.texts !== texts) return page(c, editing);
  // The sale that the form was filled in from: the edited one, or the one that is copied.
  const stored = await storedSale(c, saleId ?? form.from);
  const parsed = saleFromTexts(texts, stored?.sale);
  if (step === "preview") return preview(c, parsed.ok ? parsed.sale : undefined);
  if (!parsed.ok) return page(c, { ...editing, issues: parsed.issues }, 400);
  const issues = saleIssues(c.get("config"), parsed.sale).map(toFieldIssue);
  if (issues.length > 0) return page(c, { ...editing, issues }, 400);
  return step === "check" ? page(c, editing) : save(c, editing, parsed.sale);
}

/** Says what is wrong with a form that no browser sends from here. */
async function unreadable(c: AppContext, target: Target, issues: Issue[]): Promise<Response> {
  const stored = target.saleId === undefined ? undefined : await storedSale(c, target.saleId);
  const shown = { texts: textsOf(stored?.sale), etag: stored?.etag ?? "" };
  return page(c, { ...target, ...shown, issues }, 400);
}

/** The texts after a button that adds or removes an entry: `add.skus`, `remove.products.0`. */
function changedRows(texts: SaleForm["texts"], step: string): SaleForm["texts"] {
  const [what, name, at] = step.split(".");
  const list = name as List;
  if (what === "add") return addRow(texts, list);
  if (what !== "remove") return texts;
  const kept = rowsOf(texts, list).filter((_, n) => n !== Number(at));
  return replaceRows(texts, list, kept);
}

/** Saves what was shown, unless somebody else changed it meanwhile. */
async function save(c: AppContext, editing: Editing, sale: Sale): Promise<Response> {
  const ifMatch = parseCondition(editing.etag);
  const condition = ifMatch ? { ifMatch } : { ifNoneMatch: "*" as const };
  const answer = await applySale(c, sale, condition, editing.reason || undefined);
  if (answer.status === 412) return conflict(c, editing, sale);
  if (!answer.ok) {
    const issues = (await faultsOf(answer)).map(toFieldIssue);
    return page(c, { ...editing, issues }, answer.status as ContentfulStatusCode);
  }
  const path = editPath(sale.id);
  const { warnings } = await answer.json<{ warnings?: Issue[] }>();
  if (!warnings) return c.redirect(`${path}?done=1`, 303);
  const etag = answer.headers.get("etag") ?? "";
  return page(c, { path, saleId: sale.id, texts: textsOf(sale), etag, warnings, isSaved: true });
}

/** Shows what the other change and this one differ in, and keeps the input. The next save replaces the other's version. */
async function conflict(c: AppContext, editing: Editing, mine: Sale): Promise<Response> {
  if (editing.saleId === undefined) {
    const issues = [{ path: "id", message: "is the id of another sale" }];
    return page(c, { ...editing, issues }, 412);
  }
  const theirs = await storedSale(c, editing.saleId);
  const differences = theirs ? changesBetween(theirs.sale, mine) : null;
  return page(c, { ...editing, etag: theirs?.etag ?? "", conflict: differences }, 412);
}

/** The page of a draft. */
async function preview(c: AppContext, sale: Sale | undefined): Promise<Response> {
  if (sale) return previewResponse(c.get("config"), sale, stageNow(Date.now()));
  const headers = previewHeaders("text/plain; charset=utf-8");
  return new Response("This is no sale yet: see the fields.", { status: 400, headers });
}

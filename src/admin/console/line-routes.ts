// The console's routes for the line of a sale.
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Issue, refuse } from "../../errors.ts";
import { type AppEnv, readForm } from "../../http.ts";
import { applyLineChange, readLine } from "../line.ts";
import { MAX_FORM_BYTES } from "./form-schema.ts";
import { renderLine } from "./line.tsx";
import { formOf, type LineForm, lineChangeOf, lineForm } from "./line-form.ts";
import { faultsOf, issuesOf, refusalPage } from "./refusal-page.ts";

type LineContext = Context<AppEnv, "/sales/:saleId/line">;

export const linePages = new Hono<AppEnv>()
  .get("/sales/:saleId/line", (c) => page(c))
  .post("/sales/:saleId/line", changeLinePage);

interface Refused {
  form?: LineForm;
  issues: readonly Issue[];
  status: number;
}

async function changeLinePage(c: LineContext): Promise<Response> {
  const read = await readForm(c, lineForm, MAX_FORM_BYTES);
  if (!read.ok) return page(c, { issues: issuesOf(read.refusal), status: 400 });
  const form = read.value;
  const wanted = lineChangeOf(form);
  if (!wanted.ok) return page(c, { form, issues: wanted.issues, status: 400 });
  const saleId = c.req.param("saleId");
  const answer = await applyLineChange(c, saleId, wanted.change, form.reason);
  if (answer.ok) return c.redirect(`/admin/sales/${saleId}/line?done=change`, 303);
  return page(c, { form, issues: await faultsOf(answer), status: answer.status });
}

async function page(c: LineContext, refused?: Refused): Promise<Response> {
  const report = await readLine(c, c.req.param("saleId"));
  if (!report) return refusalPage(c, NO_LINE);
  const html = await renderLine({
    ...{ operator: c.get("operator"), report, isDone: c.req.query("done") !== undefined },
    ...{ form: formOf(report), ...refused },
  });
  return c.html(html, refused?.status as ContentfulStatusCode);
}

const NO_LINE = refuse("not_found", { detail: "There is no sale with this id that has a line." });

// The console's routes for the line of a sale.
import { type Context, Hono } from "hono";
import { refuse } from "../../http/errors.ts";
import type { AppEnv } from "../../http/request.ts";
import { applyLineChange, readLine } from "../line.ts";
import { renderLine } from "./line.tsx";
import { formOf, type LineForm, lineChangeOf, lineForm } from "./line-form.ts";
import { refusalPage } from "./refusal-page.ts";
import { type Refused, submitForm } from "./submit-form.ts";

type LineContext = Context<AppEnv, "/sales/:saleId/line">;

export const linePages = new Hono<AppEnv>()
  .get("/sales/:saleId/line", (c) => page(c))
  .post("/sales/:saleId/line", changeLinePage);

function changeLinePage(c: LineContext): Promise<Response> {
  const saleId = c.req.param("saleId");
  return submitForm(c, lineForm, {
    apply(form) {
      const wanted = lineChangeOf(form);
      return wanted.ok ? applyLineChange(c, saleId, wanted.command, form.reason) : wanted.issues;
    },
    done: () => c.redirect(`/admin/sales/${saleId}/line?done=change`, 303),
    show: (refused) => page(c, refused),
  });
}

async function page(c: LineContext, refused?: Refused<LineForm>): Promise<Response> {
  const report = await readLine(c, c.req.param("saleId"));
  if (!report) return refusalPage(c, NO_LINE);
  const html = await renderLine({
    ...{ operator: c.get("operator"), report, isDone: c.req.query("done") !== undefined },
    ...{ form: formOf(report), ...refused },
  });
  return c.html(html, refused?.status);
}

const NO_LINE = refuse("not_found", { detail: "There is no sale with this id that has a line." });

// The console's routes for the report of a sale: the page, and taking back the orders of a cluster.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import { type Issue, refuse } from "../../errors.ts";
import { type AppContext, type AppEnv, readForm } from "../../http.ts";
import { reportOf } from "../report/routes.ts";
import { applyTakeBack, type TakeBackResult, takeBackSchema } from "../report/take-back.ts";
import { MAX_FORM_BYTES, reasonField } from "./form-schema.ts";
import { faultsOf, issuesOf, NO_SALE, refusalPage } from "./refusal-page.ts";
import { renderReport } from "./report.tsx";

export const reportPages = new Hono<AppEnv>()
  .get("/", (c) => showReport(c, {}))
  .post("/", changeOrders);

const takeBackForm = z.strictObject({
  /** The idempotency key, made with the page: a form that is sent twice refunds once. */
  key: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** Ids, separated by spaces. */
  orders: z.string().transform((text) => text.split(" ")),
  units: z.enum(["sell", "withdraw"]),
  reason: reasonField,
});

interface Shown {
  result?: TakeBackResult;
  issues?: readonly Issue[];
  status?: ContentfulStatusCode;
}

async function showReport(c: AppContext, { status = 200, ...shown }: Shown): Promise<Response> {
  const report = await reportOf(c);
  if (!report) return refusalPage(c, NO_SALE);
  const operator = c.get("operator");
  return c.html(
    await renderReport({ operator, report, key: crypto.randomUUID(), ...shown }),
    status,
  );
}

/** Answers with the page and not with a redirect, because the outcome of each order is shown once. Repeating it does no harm. */
async function changeOrders(c: AppContext): Promise<Response> {
  const form = await readForm(c, takeBackForm, MAX_FORM_BYTES);
  if (!form.ok) return showReport(c, { issues: issuesOf(form.refusal), status: 400 });
  const { key, orders: orderIds, units, reason } = form.value;
  const command = takeBackSchema.safeParse({ orderIds, backOnSale: units === "sell", reason });
  if (!command.success) {
    const issues = issuesOf(refuse("invalid_request", { detail: "names no order, or too many" }));
    return showReport(c, { issues, status: 400 });
  }
  const answer = await applyTakeBack(c, c.req.param("saleId") ?? "", key, command.data);
  if (answer.ok) return showReport(c, { result: await answer.json<TakeBackResult>() });
  const status = answer.status as ContentfulStatusCode;
  return showReport(c, { issues: await faultsOf(answer), status });
}

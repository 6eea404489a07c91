// The console's routes for the report of a sale: the page, and taking back the orders of a cluster.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import type { Issue } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { reportOf } from "../report/routes.ts";
import { applyTakeBack, type TakeBackResult, takeBackSchema } from "../report/take-back.ts";
import { keyField, reasonField } from "./form-schema.ts";
import { NO_SALE, refusalPage } from "./refusal-page.ts";
import { renderReport } from "./report.tsx";
import { submitForm } from "./submit-form.ts";

export const reportPages = new Hono<AppEnv>()
  .get("/", (c) => showReport(c, {}))
  .post("/", (c) => changeOrders(c));

const takeBackForm = z.strictObject({
  key: keyField,
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
const changeOrders = (c: AppContext): Promise<Response> =>
  submitForm(c, takeBackForm, {
    apply({ key, orders: orderIds, units, reason }) {
      const command = takeBackSchema.safeParse({ orderIds, backOnSale: units === "sell", reason });
      if (!command.success) return [{ path: "orders", message: "names no order, or too many" }];
      return applyTakeBack(c, c.req.param("saleId") ?? "", key, command.data);
    },
    done: async (_, answer) => showReport(c, { result: await answer.json<TakeBackResult>() }),
    show: ({ form: _, ...refused }) => showReport(c, refused),
  });

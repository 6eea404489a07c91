// The routes of the report of a sale: signed JSON, CSV, and the public key that proves it.
import { Hono } from "hono";
import { idSchema } from "../../catalog/schema.ts";
import { problem, refuse } from "../../http/errors.ts";
import { completeHeaders } from "../../http/headers.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { csvRecord } from "../csv.ts";
import type { Report } from "./document.ts";
import { readReport } from "./read-report.ts";
import { reportKey, signReport } from "./sign.ts";

/** The report of the sale in the path. Undefined if there is no such sale. */
export async function reportOf(c: AppContext) {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  return saleId.success ? readReport(c.get("scope"), saleId.data) : undefined;
}

/** `{ report, jws }`: the payload of the JWS is the JSON of the report. */
export async function showReport(c: AppContext): Promise<Response> {
  const report = await reportOf(c);
  if (!report) return problem(c, refuse("not_found"));
  return c.json(await signReport(c.get("config"), report));
}

/** The same facts for a spreadsheet: one value in each record. */
export async function exportReport(c: AppContext): Promise<Response> {
  const report = await reportOf(c);
  if (!report) return problem(c, refuse("not_found"));
  return c.body(toCsv(report), 200, {
    "Content-Type": "text/csv; charset=utf-8; header=present",
    "Content-Disposition": `attachment; filename="report-${report.sale.id}.csv"`,
  });
}

/** Records of `part`, `item` and `figure`, such as `skus`, `spring-sneaker`, `ledger.sold`. */
export function toCsv(report: Report): string {
  const records = Object.entries(report).flatMap(([part, value]) => {
    if (!Array.isArray(value)) return leavesOf(value).map((leaf) => [part, "", ...leaf] as const);
    return value.flatMap((each, at) => {
      const { id, name = String(at) } = each as { id?: string; name?: string };
      return leavesOf(each).map((leaf) => [part, id ?? name, ...leaf] as const);
    });
  });
  return [["part", "item", "figure", "value"], ...records].map(csvRecord).join("");
}

type Leaf = [path: string, value: string | number];

/** Every value in a JSON document, with its path. */
function leavesOf(value: unknown, path = ""): Leaf[] {
  if (typeof value !== "object" || value === null) {
    return [[path, typeof value === "number" ? value : String(value ?? "")]];
  }
  return Object.entries(value).flatMap(([key, child]) =>
    leavesOf(child, path === "" ? key : `${path}.${key}`),
  );
}

/** For an hour: the key changes only with SIGNING_SECRET. */
const FOR_AN_HOUR = completeHeaders({
  "Content-Type": "application/jwk-set+json",
  "Cache-Control": "public, max-age=3600",
});

/** Public: whoever is shown a report can check it. */
export const reportKeyRoute = new Hono<AppEnv>().get("/report-keys", async (c: AppContext) => {
  const keys = [await reportKey(c.get("config"))];
  return new Response(JSON.stringify({ keys }), { headers: FOR_AN_HOUR });
});

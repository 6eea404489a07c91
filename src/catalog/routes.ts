// The catalog API: the same answer for everybody.
import { Hono } from "hono";
import { problem, refuse } from "../errors.ts";
import { shieldRoute } from "../funnel/flood.ts";
import { signVisit } from "../funnel/visit.ts";
import { completeHeaders } from "../headers.ts";
import type { AppEnv } from "../http.ts";
import { readLive } from "./live.ts";
import { publicSale } from "./schema.ts";
import { CACHED, readCatalog } from "./snapshot.ts";

export const catalogRoutes = new Hono<AppEnv>()
  .get("/sales", async (c) => {
    const catalog = await readCatalog(c);
    return sharedJson(catalog, CACHED, () => ({
      sales: catalog.entries.map(({ sale }) => publicSale(sale)),
    }));
  })
  .get("/sales/:saleId", async (c) => {
    const catalog = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    return sharedJson(entry, CACHED, () => publicSale(entry.sale));
  })
  .post("/sales/:saleId/visits", async (c) => {
    const catalog = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    const refusal = await shieldRoute(c, "visit");
    if (refusal) return problem(c, refusal);
    return c.json({ token: await signVisit(c, entry.sale.id) }, 201);
  })
  .get("/sales/:saleId/live", async (c) => {
    const catalog = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    const live = await readLive(c, entry);
    return sharedJson(live, FOR_A_SECOND, () => live);
  });

/** When we cannot tell the stock any more, no cache may go on telling it. */
const FOR_A_SECOND = { "Cache-Control": "public, max-age=1, stale-if-error=0" };

const answers = new WeakMap<object, { body: string; headers: Headers }>();

/** Answers JSON that is the same for everybody, made once for the `source` it was made of. */
function sharedJson(source: object, cache: Record<string, string>, make: () => object): Response {
  let answer = answers.get(source);
  if (!answer) {
    const headers = completeHeaders({ "Content-Type": "application/json", ...cache });
    answer = { body: JSON.stringify(make()), headers };
    answers.set(source, answer);
  }
  return new Response(answer.body, { headers: answer.headers });
}

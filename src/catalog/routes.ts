// The catalog API: the same answer for everybody.
import { Hono } from "hono";
import { problem, refuse } from "../errors.ts";
import { signVisit } from "../funnel/visit.ts";
import { completeHeaders } from "../headers.ts";
import type { AppEnv } from "../http.ts";
import { readLive } from "./live.ts";
import { publicSale } from "./schema.ts";
import { PUBLIC_FOR_A_MOMENT, readCatalog } from "./snapshot.ts";

export const catalogRoutes = new Hono<AppEnv>()
  .get("/sales", async (c) => {
    const { catalog } = await readCatalog(c);
    return sharedJson(catalog, PUBLIC_FOR_A_MOMENT, () => ({
      sales: catalog.entries.map(({ sale }) => publicSale(sale)),
    }));
  })
  .get("/sales/:saleId", async (c) => {
    const { catalog } = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    return sharedJson(entry, PUBLIC_FOR_A_MOMENT, () => publicSale(entry.sale));
  })
  .post("/sales/:saleId/visits", async (c) => {
    const { catalog } = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    return entry
      ? c.json({ token: await signVisit(c, entry.sale.id) }, 201)
      : problem(c, refuse("not_found"));
  })
  .get("/sales/:saleId/live", async (c) => {
    const { catalog } = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    const live = await readLive(c, entry);
    return sharedJson(live, "public, max-age=1", () => live);
  });

const answers = new WeakMap<object, { body: string; headers: Headers }>();

/** Answers JSON that is the same for everybody, made once for the `source` it was made of. */
function sharedJson(source: object, cacheControl: string, make: () => object): Response {
  let answer = answers.get(source);
  if (!answer) {
    const headers = { "Content-Type": "application/json", "Cache-Control": cacheControl };
    answer = { body: JSON.stringify(make()), headers: completeHeaders(headers) };
    answers.set(source, answer);
  }
  return new Response(answer.body, { headers: answer.headers });
}

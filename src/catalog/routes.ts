// The catalog API: the same answer for everybody.
import { Hono } from "hono";
import { problem, refuse } from "../errors.ts";
import { signVisit } from "../funnel/visit.ts";
import type { AppEnv } from "../http.ts";
import { readLive } from "./live.ts";
import { publicSale } from "./schema.ts";
import { readCatalog } from "./snapshot.ts";

/** Short, because an operator's change must show everywhere within seconds. */
const PUBLIC_FOR_A_MOMENT = "public, max-age=1, stale-while-revalidate=2, stale-if-error=3600";

export const catalogRoutes = new Hono<AppEnv>()
  .get("/sales", async (c) => {
    const { catalog } = await readCatalog(c);
    c.header("Cache-Control", PUBLIC_FOR_A_MOMENT);
    return c.json({ sales: catalog.entries.map(({ sale }) => publicSale(sale)) });
  })
  .get("/sales/:saleId", async (c) => {
    const { catalog } = await readCatalog(c);
    const entry = catalog.sale(c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    c.header("Cache-Control", PUBLIC_FOR_A_MOMENT);
    return c.json(publicSale(entry.sale));
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
    c.header("Cache-Control", "public, max-age=1");
    return c.json(live);
  });

// The public catalog API. Responses are the same for every caller.
import { Hono } from "hono";
import { isEnding } from "../admission/public-line.ts";
import { lineSettings } from "../admission/settings.ts";
import { problem, refuse } from "../http/errors.ts";
import { completeHeaders } from "../http/headers.ts";
import type { AppEnv } from "../http/request.ts";
import { findSale } from "./archive.ts";
import { readSalesPage } from "./list.ts";
import { type LiveAnswer, readLive } from "./live.ts";
import { publicSale } from "./schema.ts";
import { cachedNow } from "./snapshot.ts";

export const catalogRoutes = new Hono<AppEnv>()
  .get("/sales", async (c) => {
    const page = await readSalesPage(c.get("scope"), c.req.query("cursor"));
    if (!page) {
      const issues = [{ path: "cursor", message: "is not a cursor of this list" }];
      return problem(c, refuse("invalid_request", { issues }));
    }
    return sharedJson(page, cachedNow(), () => ({
      sales: page.sales.map(publicSale),
      ...(page.next === undefined ? {} : { nextCursor: page.next }),
    }));
  })
  .get("/sales/:saleId", async (c) => {
    const entry = await findSale(c.get("scope"), c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    return sharedJson(entry, cachedNow(), () => publicSale(entry.sale));
  })
  .get("/sales/:saleId/live", async (c) => {
    const entry = await findSale(c.get("scope"), c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    const live = await readLive(c.get("scope"), entry);
    return sharedJson(live, cacheFor(live), () => live);
  })
  .get("/sales/:saleId/line", async (c) => {
    const entry = await findSale(c.get("scope"), c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    if (!lineSettings(entry.sale)) return problem(c, NO_LINE);
    const live = await readLive(c.get("scope"), entry);
    const { line } = live;
    return line ? sharedJson(line, cacheFor(live), () => line) : problem(c, refuse("unavailable"));
  });

const NO_LINE = refuse("not_found", { detail: "This sale has no line" });

/** Once the stock is unknown, no cache may keep serving the last one. */
const FOR_A_SECOND = { "Cache-Control": "public, max-age=1, stale-if-error=0" };
/** The two tiers of Cloudflare's cache would add up to 2 s to the time until people know the end. */
const UNCACHED = { "Cache-Control": "public, no-cache, stale-if-error=0" };

const cacheFor = ({ line }: LiveAnswer) => (line && isEnding(line) ? UNCACHED : FOR_A_SECOND);

const bodies = new WeakMap<object, string>();
const headers = new WeakMap<object, Headers>();

/** A JSON response that is the same for every caller. Serialized once per `source` object. */
function sharedJson(source: object, cache: Record<string, string>, make: () => object): Response {
  const body = bodies.get(source) ?? JSON.stringify(make());
  bodies.set(source, body);
  const complete =
    headers.get(cache) ?? completeHeaders({ "Content-Type": "application/json", ...cache });
  headers.set(cache, complete);
  return new Response(body, { headers: complete });
}

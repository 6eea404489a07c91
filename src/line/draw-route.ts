// The draw of a sale as it is published. The same for everyone, and read from the line's object at most once per second and
// colo.
import { type Context, Hono } from "hono";
import { lineOf } from "../admission/client.ts";
import { lineSettings } from "../admission/settings.ts";
import { findSale } from "../catalog/archive.ts";
import { memory, textBytes } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { problem, refuse } from "../http/errors.ts";
import { completeHeaders } from "../http/headers.ts";
import type { AppEnv } from "../http/request.ts";

type Scope = AppEnv["Variables"]["scope"];

/** As JSON, because the history of a long sale is large. Null if the object knows of no line yet. */
type Text = string | null;

interface Draw {
  shared: SwrCache<Text, Text, Scope>;
  text: Text;
}

const ENTRY_BYTES = 2_048;

const draws = memory<Draw>("draws", {
  sizeOf: ({ text }) => ENTRY_BYTES + textBytes(text ?? ""),
});

/** The draw of a sale, cached. If it is too large for this isolate's memory, the colo's copy serves. */
function drawOf(saleId: string): SwrCache<Text, Text, Scope> {
  const held = draws.get(saleId);
  if (held) return held.shared;
  const shared = new SwrCache<Text, Text, Scope>({
    name: `draw/${saleId}`,
    freshMs: 1_000,
    revalidateMs: 2_000,
    staleMs: 60_000,
    load: async ({ env }) => {
      const draw = await lineOf(env, saleId).draw();
      return draw && JSON.stringify(draw);
    },
    build: (text) => {
      draws.set(saleId, { shared, text });
      return text;
    },
  });
  draws.set(saleId, { shared, text: null });
  return shared;
}

const FOR_A_SECOND = completeHeaders({
  "Content-Type": "application/json",
  "Cache-Control": "public, max-age=1, stale-if-error=0",
});
const NO_LINE = refuse("not_found", { detail: "This sale has no line" });

export const drawRoute = new Hono<AppEnv>().get("/sales/:saleId/draw", draw);

async function draw(c: Context<AppEnv, "/sales/:saleId/draw">): Promise<Response> {
  const scope = c.get("scope");
  const entry = await findSale(scope, c.req.param("saleId"));
  if (!entry) return problem(c, refuse("not_found"));
  if (!lineSettings(entry.sale)) return problem(c, NO_LINE);
  const { value } = await drawOf(entry.sale.id).read(scope);
  return value === null ? problem(c, NO_LINE) : new Response(value, { headers: FOR_A_SECOND });
}

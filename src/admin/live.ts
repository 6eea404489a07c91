// The route of the console's WebSocket: who may watch, and until when.
import { idSchema } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import { csrfRefusal } from "../funnel/identity.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { authenticate } from "./auth.ts";
import { SOCKET_MS, watchRequest } from "./sale-watch.ts";

const NO_UPGRADE = refuse("invalid_request", {
  issues: [{ path: "Upgrade", message: "open this address as a WebSocket" }],
});

/**
 * Opens a WebSocket that gets the figures of `?sale=` as the console shows them, every two seconds. Pages of other sites could
 * open it with the cookie of a signed-in operator, so the `Origin` must be this site's, as for a write. It closes after half a
 * minute, and whoever is still signed in opens it again.
 */
export async function watchLive(c: AppContext): Promise<Response> {
  const found = await authenticate(c);
  if (!found.ok) return problem(c, found.refusal);
  const foreign = c.req.header("authorization") === undefined ? csrfRefusal(c) : undefined;
  if (foreign) return problem(c, foreign);
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return problem(c, NO_UPGRADE);
  const saleId = idSchema.safeParse(c.req.query("sale"));
  const sale = saleId.success ? await registryOf(c.env).find({ sale: saleId.data }) : undefined;
  if (!saleId.success || !sale?.sale) return problem(c, refuse("not_found"));
  const { operator, expiresAt } = found;
  const openUntil = Date.now() + SOCKET_MS;
  const watcher = { saleId: saleId.data, role: operator.role, expiresAt, openUntil };
  const watch = c.env.SALE_WATCHES.getByName(saleId.data);
  const { webSocket } = await watch.fetch(watchRequest(watcher));
  return new Response(null, { status: 101, webSocket });
}

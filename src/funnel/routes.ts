// Routes called before an attempt to buy: who is signed in, the visit token, the ticket, and the demo login.
import { Hono } from "hono";
import { findSale } from "../catalog/archive.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { shieldRoute } from "./flood-shield.ts";
import { loginRoutes } from "./login.ts";
import { sessionRoutes } from "./session.ts";
import { ticketRoutes } from "./tickets.ts";
import { signVisit } from "./visit.ts";

export const funnelRoutes = new Hono<AppEnv>()
  .route("/", loginRoutes)
  .route("/", sessionRoutes)
  .route("/", ticketRoutes)
  .post("/sales/:saleId/visits", async (c) => {
    const entry = await findSale(c.get("scope"), c.req.param("saleId"));
    if (!entry) return problem(c, refuse("not_found"));
    const refusal = await shieldRoute(c, "visit");
    if (refusal) return problem(c, refusal);
    return c.json({ token: await signVisit(c, entry.sale.id) }, 201);
  });

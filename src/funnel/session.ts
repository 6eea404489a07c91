// Who is signed in, for pages that are the same for everybody. Costs no I/O: the token says it.
import { Hono } from "hono";
import { problem } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { shieldRoute } from "./flood-shield.ts";
import { identify } from "./identity.ts";

export const sessionRoutes = new Hono<AppEnv>().get("/session", async (c) => {
  const limited = await shieldRoute(c, "session");
  if (limited) return problem(c, limited);
  const identity = await identify(c, c.get("config"));
  // That nobody is signed in is an answer. That nobody can tell is none.
  if (!identity.ok && identity.refusal.reason === "unavailable")
    return problem(c, identity.refusal);
  c.header("Cache-Control", "private, no-store");
  if (!identity.ok) return c.json({ user: null });
  const { userId: id, email } = identity;
  return c.json({ user: { id, ...(email === undefined ? {} : { email }) } });
});

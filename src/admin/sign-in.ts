// The routes that begin and end a console session.
import * as z from "zod";
import { csrfRefusal } from "../funnel/identity.ts";
import { problem } from "../http/errors.ts";
import { type AppContext, readJson } from "../http/request.ts";
import { authenticateToken } from "./auth.ts";
import { endSession, startSession } from "./session.ts";

const MAX_BYTES = 1_024;

/** ADMIN_TOKEN or VIEWER_TOKEN. */
export const tokenSchema = z.string().trim().min(1).max(512);

export const signInSchema = z.strictObject({ token: tokenSchema });

export async function signIn(c: AppContext): Promise<Response> {
  // A page of another site must not sign a visitor in. Scripts send no Origin.
  const foreign = c.req.header("origin") === undefined ? undefined : csrfRefusal(c);
  if (foreign) return problem(c, foreign);
  const body = await readJson(c, signInSchema, MAX_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const found = await authenticateToken(c, body.value.token);
  if (!found.ok) return problem(c, found.refusal);
  const { role, expiresAt } = startSession(c, found.operator.role);
  return c.json({ role, expiresAt: new Date(expiresAt).toISOString() });
}

export function signOut(c: AppContext): Response {
  const foreign = csrfRefusal(c);
  if (foreign) return problem(c, foreign);
  endSession(c);
  return c.body(null, 204);
}

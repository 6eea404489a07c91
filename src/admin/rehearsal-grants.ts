// The operator's grants for a rehearsal of this deployment. The log has one entry for each, never the grant itself.
import type { Context } from "hono";
import * as z from "zod";
import { MAX_GRANT_SECONDS, makeGrant } from "../admission/rehearsal.ts";
import { idSchema, saleState } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import { problem, refuse } from "../http/errors.ts";
import { type AppEnv, readJson } from "../http/request.ts";
import { recorded } from "./log.ts";

const MAX_BYTES = 1_024;
/** Grants of one sale within an hour: one for each machine that rehearses it, and some for those that start again. */
const MAX_GRANTS = 10;
const HOUR_MS = 3_600_000;

export const rehearsalGrantSchema = z.strictObject({
  /** How long it is good for. */
  validSeconds: z.int().min(60).max(MAX_GRANT_SECONDS).default(MAX_GRANT_SECONDS),
});

/** A grant and when it ends: ISO 8601. */
export interface RehearsalGrant {
  grant: string;
  expiresAt: string;
}

const NO_REHEARSAL = refuse("not_found", { detail: "No rehearsal has this id" });
const TOO_MANY = refuse("rate_limited", {
  detail: `A rehearsal gets at most ${MAX_GRANTS} grants per hour`,
  retryAfterSeconds: 600,
});

/** Grants the right to sign synthetic people of one rehearsal sale. Only for a sale that was made as one and is not over. */
export async function grantRehearsal(
  c: Context<AppEnv, "/sales/:saleId/rehearsal-grants">,
): Promise<Response> {
  const body = await readJson(c, rehearsalGrantSchema, MAX_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  if (!saleId.success) return problem(c, NO_REHEARSAL);
  using shown = await registryOf(c.env).show(saleId.data);
  const sale = shown?.registered.sale;
  if (!sale?.rehearsal) return problem(c, NO_REHEARSAL);
  const { id, closesAt } = sale;
  if (saleState(sale, Date.now()) === "closed")
    return problem(c, refuse("sale_closed", { closesAt }));
  const grant = {
    saleId: id,
    expiresAt: Math.floor(Date.now() / 1_000) + body.value.validSeconds,
    id: crypto.randomUUID().slice(0, 8),
  };
  const expiresAt = new Date(grant.expiresAt * 1_000).toISOString();
  const target = `sale/${id}` as const;
  const intent = {
    action: "rehearsal.granted",
    target,
    asks: { grant: grant.id, expiresAt },
  } as const;
  return recorded(c, intent, async () => {
    // Counts this one's entry too, and those of grants that are being made: rather one too few than one too many.
    const count = await registryOf(c.env).countEntries(intent.action, target, Date.now() - HOUR_MS);
    if (count > MAX_GRANTS) return problem(c, TOO_MANY);
    const { SIGNING_SECRET } = c.get("config");
    return c.json(
      { grant: makeGrant(SIGNING_SECRET, grant), expiresAt } satisfies RehearsalGrant,
      201,
    );
  });
}

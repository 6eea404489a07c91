// The preflight of a sale: one call that wakes the objects, fills the caches, tries everything a sale depends on, and says
// ready or what to do.
import type { Context } from "hono";
import * as z from "zod";
import { idSchema } from "../../catalog/schema.ts";
import { registryOf } from "../../catalog/store.ts";
import { problem, refuse, toIssues } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { paymentRate } from "../../payments/rate.ts";
import { lastRehearsals } from "../rehearsals.ts";
import { costEstimate, objectCapacity, paymentCapacity, redisCapacity } from "./capacity.ts";
import { type Check, runCheck } from "./check.ts";
import { checkEdges } from "./edges.ts";
import {
  checkClock,
  checkObjects,
  checkQueues,
  checkRedis,
  checkSale,
  checkSwitches,
} from "./platform.ts";
import {
  checkAlerts,
  checkChallenge,
  checkConfiguration,
  checkPayments,
  checkSignIn,
  checkWebhook,
} from "./providers.ts";
import { judgeRehearsals } from "./rehearsal.ts";

/** People who are expected. */
export const expectedSchema = z.coerce.number().int().min(1).max(1_000_000_000);

const querySchema = z.object({ expected: expectedSchema.optional() });

export interface Preflight {
  /** No check failed. */
  ready: boolean;
  saleId: string;
  /** ISO 8601. */
  checkedAt: string;
  checks: Check[];
}

export async function showPreflight(
  c: Context<AppEnv, "/sales/:saleId/preflight">,
): Promise<Response> {
  const query = querySchema.safeParse(c.req.query());
  if (!query.success) {
    return problem(c, refuse("invalid_request", { issues: toIssues(query.error) }));
  }
  const found = await runPreflight(c, c.req.param("saleId"), query.data.expected);
  return found ? c.json(found) : problem(c, refuse("not_found"));
}

/**
 * Runs all checks of a sale. Undefined if there is no such sale.
 *
 * @param expected people. If absent, the capacity is not checked and the cost is not estimated
 */
export async function runPreflight(
  c: AppContext,
  saleId: string,
  expected?: number,
): Promise<Preflight | undefined> {
  const id = idSchema.safeParse(saleId);
  using shown = id.success ? await registryOf(c.env).show(id.data) : null;
  if (!shown?.registered.sale) return undefined;
  const { sale, revision } = shown.registered;
  const entry = { sale, revision };
  const [config, scope] = [c.get("config"), c.get("scope")];
  // Two groups, because a Worker may wait for six connections at once.
  const first = await Promise.all([
    runCheck("sale", () => checkSale(entry)),
    runCheck("configuration", () => checkConfiguration(config)),
    runCheck("objects", () => checkObjects(scope, entry)),
    runCheck("edges", () => checkEdges(scope, entry)),
    runCheck("redis", () => checkRedis(config)),
    runCheck("queues", () => checkQueues(scope, entry)),
    runCheck("clock", () => checkClock(config)),
  ]);
  const second = await Promise.all([
    runCheck("switches", () => checkSwitches(scope, entry)),
    runCheck("sign-in", () => checkSignIn(config)),
    runCheck("payments", () => checkPayments(config, sale)),
    runCheck("challenge", () => checkChallenge(config, sale)),
    runCheck("webhook", () => checkWebhook(config, c.env)),
    runCheck("alerts", () => checkAlerts(config)),
    runCheck("rehearsal", async () =>
      judgeRehearsals(await lastRehearsals(c.env), sale.admission.mode, Date.now()),
    ),
  ]);
  const capacity = expected === undefined ? [] : capacityChecks(sale, expected, perSecond(config));
  const checks = [...first, ...second, ...capacity];
  return {
    ready: checks.every(({ state }) => state !== "fail"),
    saleId: sale.id,
    checkedAt: new Date().toISOString(),
    checks,
  };
}

const perSecond = (config: AppEnv["Variables"]["config"]): number | undefined =>
  config.PAYMENTS === undefined || config.PAYMENTS === "external" ? undefined : paymentRate(config);

const capacityChecks = (...[sale, expected, pace]: Parameters<typeof paymentCapacity>): Check[] => [
  { name: "object-capacity", ...objectCapacity(sale, expected) },
  { name: "redis-capacity", ...redisCapacity(sale, expected) },
  { name: "payment-capacity", ...paymentCapacity(sale, expected, pace) },
  { name: "cost", ...costEstimate(sale, expected) },
];

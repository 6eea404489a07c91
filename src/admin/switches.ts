// The operator's routes for switches: what is in force, changes of several at once with a preview, and the pause of a sale.
import type { Context } from "hono";
import { type SwitchChange, type SwitchEdit, switchKey } from "../catalog/decide-switches.ts";
import type { Target } from "../catalog/log-entry.ts";
import type { Precondition } from "../catalog/precondition.ts";
import { etagOfSwitches, type RegisteredSwitches } from "../catalog/registry-types.ts";
import { idSchema } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import { changeSwitches } from "../catalog/switch-commands.ts";
import { pauseSchema, resumeSchema, switchChangeSchema } from "../catalog/switch-schema.ts";
import type { RegisteredSwitch } from "../catalog/switches.ts";
import { takesPaymentTokens } from "../config/config.ts";
import { problem, type Refusal, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { MAX_PAUSE_MS } from "../inventory/hold-clock.ts";
import { automaticSwitches } from "./automatic-switches.ts";
import { invalid, readCondition } from "./condition.ts";
import { type Note, recorded } from "./log.ts";
import { affectedBy } from "./switch-preview.ts";

const MAX_CHANGE_BYTES = 32_768;

type SaleContext = Context<AppEnv, "/sales/:saleId/pause" | "/sales/:saleId/resume">;

export async function showSwitches(c: AppContext): Promise<Response> {
  const registered = await registryOf(c.env).switches();
  c.header("ETag", etagOfSwitches(registered));
  return c.json(await viewOf(c, registered));
}

export async function saveSwitches(c: AppContext): Promise<Response> {
  const body = await readJson(c, switchChangeSchema, MAX_CHANGE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const { reason, switches: settings } = body.value;
  return change(c, { settings: settings as SwitchChange["settings"], reason });
}

export async function pauseSale(c: SaleContext): Promise<Response> {
  const body = await readJson(c, pauseSchema, MAX_CHANGE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const { reason, ...rest } = body.value;
  return changePause(c, reason, { value: true, ...(rest as { until?: number; notice?: string }) });
}

export async function resumeSale(c: SaleContext): Promise<Response> {
  const body = await readJson(c, resumeSchema, MAX_CHANGE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return changePause(c, body.value.reason, { value: false });
}

async function changePause(
  c: SaleContext,
  reason: string,
  rest: { value: boolean; until?: number; notice?: string },
): Promise<Response> {
  const sale = idSchema.safeParse(c.req.param("saleId"));
  const found = sale.success && (await registryOf(c.env).find({ sale: sale.data }));
  if (!sale.success || !found) return problem(c, refuse("not_found"));
  return change(c, { settings: [{ name: "paused", sale: sale.data, ...rest }], reason });
}

/** Reads from the request whether a change is only previewed, and which state of the switches it expects. */
async function change(c: AppContext, wanted: WantedChange): Promise<Response> {
  const condition = readCondition(c);
  if (!condition.ok) return problem(c, condition.refusal);
  const preview = c.req.query("preview") ?? "false";
  // A misspelled preview must not become a change.
  if (!/^(true|false)$/.test(preview)) return problem(c, invalid("preview", "use true or false"));
  return applySwitches(c, wanted, { condition: condition.value, isPreview: preview === "true" });
}

export type WantedChange = Omit<SwitchChange, "by">;

/** Applies a change, and logs it. A preview only says what it would do. */
export async function applySwitches(
  c: AppContext,
  wanted: WantedChange,
  { condition, isPreview }: { condition: Precondition; isPreview: boolean },
): Promise<Response> {
  const fault = findFault(c, wanted);
  if (fault) return problem(c, fault);
  const given = { ...wanted, by: c.get("operator").name };
  if (isPreview) return apply(c, given, condition, { dryRun: true });
  const { reason, settings: asks } = wanted;
  const intent = { action: "switches.changed", target: targetOf(asks), reason, asks } as const;
  return recorded(c, intent, (note) => apply(c, given, condition, { dryRun: false, note }));
}

async function apply(
  c: AppContext,
  given: SwitchChange,
  condition: Precondition,
  { dryRun, note }: { dryRun: boolean; note?: Note },
): Promise<Response> {
  const changed = await changeSwitches(c.env, c.get("config"), given, condition, { dryRun });
  if (!changed.ok) return problem(c, changed.refusal);
  const { edits } = changed;
  note?.(logged(edits, "before"), logged(edits, "after"));
  const warnings = edits.flatMap(({ after }) => (after && warningOf(after)) ?? []);
  c.header("ETag", etagOfSwitches(changed));
  return c.json({
    ...(await viewOf(c, changed)),
    edits: edits.map(toEditView),
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(dryRun ? { preview: true, affected: await affectedBy(c, edits) } : {}),
  });
}

/** The target of a change in the log: a sale or a SKU, if the change is about nothing else. */
function targetOf(settings: SwitchChange["settings"]): Target {
  const targets = new Set(
    settings.map(
      ({ sale, sku }): Target => (sale ? `sale/${sale}` : sku ? `sku/${sku}` : "deployment"),
    ),
  );
  const [only = "deployment"] = targets;
  return targets.size === 1 ? only : "deployment";
}

/** The values of the changed switches, by name and target. */
const logged = (edits: readonly SwitchEdit[], side: "before" | "after") =>
  Object.fromEntries(
    edits.flatMap((edit) => {
      const set = edit[side];
      if (!set) return [];
      const { value, notice, until } = toView(set);
      return [[switchKey(edit), { value, notice, until }]];
    }),
  );

/** Checks beyond the schema: the deployment's configuration. */
function findFault(c: AppContext, { settings }: WantedChange): Refusal | undefined {
  const config = c.get("config");
  for (const [index, { name, value }] of settings.entries()) {
    const path = `switches.${index}.value`;
    if (value === "everyone" && !(config.TURNSTILE_SITE_KEY && config.TURNSTILE_SECRET)) {
      return invalid(path, "needs TURNSTILE_SITE_KEY and TURNSTILE_SECRET to be set");
    }
    if (name === "paymentsPaused" && value && !takesPaymentTokens(config)) {
      return invalid(path, "this deployment sends no charges: pause your own checkout");
    }
  }
  return undefined;
}

const MAX_PAUSE_MINUTES = MAX_PAUSE_MS / 60_000;

/** A consequence of a switch that its operator may not expect. */
function warningOf({ name, until }: RegisteredSwitch): string | undefined {
  if (name !== "paymentsPaused") return undefined;
  if (until !== undefined && until - Date.now() <= MAX_PAUSE_MS) return undefined;
  return `A hold waits at most ${MAX_PAUSE_MINUTES} minutes for its payment. Then its units go back on sale.`;
}

const viewOf = async ({ env }: AppContext, { switches }: RegisteredSwitches) => ({
  switches: switches.map(toView),
  automatic: await automaticSwitches(env),
});

const toView = ({ since, until, ...rest }: RegisteredSwitch) => ({
  ...rest,
  since: new Date(since).toISOString(),
  ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
});

const toEditView = ({ before, after, ...edit }: SwitchEdit) => ({
  ...edit,
  before: before && toView(before),
  after: after && toView(after),
});

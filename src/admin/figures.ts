// The figures of one sale as they are now, for the console: units, the funnel of the last minute, bots, the line, money,
// and plumbing. Each part is read from the one place that knows it, and has its own age.
import { type LineReport, lineOf } from "../admission/client.ts";
import { lineSettings } from "../admission/settings.ts";
import { type AlertView, alertWatchOf } from "../alerts/client.ts";
import { gaugesOfSku } from "../alerts/figures.ts";
import type { SaleState } from "../catalog/sale-state.ts";
import { isListed, type Sale, type Sku, saleState } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import type { RegisteredSwitch } from "../catalog/switches.ts";
import { readRules } from "../funnel/deny-list.ts";
import type { AppContext } from "../http/request.ts";
import { atObject } from "../inventory/client.ts";
import { type BreakerFigures, breakersOf } from "../observability/breakers.ts";
import { causeOf, log } from "../observability/log.ts";
import { type Metrics, readMetrics } from "../observability/read-metrics.ts";
import { paymentLine } from "../orders/payment-wait.ts";
import { type AttentionView, readAttention } from "./attention.ts";
import {
  type BotFigures,
  botsOf,
  type FunnelFigures,
  funnelOf,
  STEP_SECONDS,
} from "./last-minute.ts";
import { secondsToSellOut } from "./sell-out.ts";
import { stockCurve } from "./stock-curve.ts";

type Scope = AppContext["var"]["scope"];

/** A part of the figures. `asOf`: ISO 8601. `value` is null while its source does not answer. */
export interface Part<T> {
  asOf: string;
  value: T | null;
}

/** Units of one SKU, from its ledger: `stocked = available + held + sold`. */
export interface SkuFigures extends Pick<Sku, "id" | "name"> {
  units: Part<{ stocked: number; available: number; held: number; sold: number }>;
  /** Orders that the consumer has not acknowledged, and holds that wait for a payment. */
  backlog: { unacknowledged: number; stuck: number; holdsPaused: number } | null;
  /** Free units over time, one for each step of the curve; null where unknown. */
  curve: (number | null)[];
  /** Null if nobody can tell. */
  secondsToSellOut: number | null;
}

interface Payments {
  inLine: number;
  perSecond: number;
}

export interface Figures {
  sale: Pick<Sale, "id" | "title" | "opensAt" | "closesAt"> & { state: SaleState; listed: boolean };
  /** The switches that are set for this sale, its SKUs, or the deployment. */
  switches: Part<RegisteredSwitch[]>;
  /** The alerts that fire, without those about other sales. */
  alerts: Part<AlertView[]>;
  skus: SkuFigures[];
  curve: { from: string; stepSeconds: number };
  funnel: Part<FunnelFigures>;
  bots: Part<BotFigures>;
  /** Absent if the sale has no line. */
  line?: Part<LineReport>;
  payments: Part<Payments>;
  attention: Part<AttentionView>;
  /** The breakers of the whole system that have ever opened. */
  breakers: Part<BreakerFigures[]>;
  /** Shards of the metrics that did not answer: their counts are missing. */
  missingShards: number;
}

/** How long a source may take. A part that is late is shown as unknown. */
const LIMIT_MS = 2_000;
const CURVE = { sinceSeconds: 900, stepSeconds: STEP_SECONDS };
/** How far back the pace for the estimate is measured. */
const PACE_STEPS = 120 / CURVE.stepSeconds;

/** The figures of a sale. Undefined if it does not exist. */
export async function readFigures(scope: Scope, saleId: string): Promise<Figures | undefined> {
  const { env, config } = scope;
  const found = await registryOf(env).find({ sale: saleId });
  const sale = found?.sale;
  if (!sale) return undefined;
  const hasLine = lineSettings(sale) !== undefined;
  const [metrics, switches, alerts, reports, line, payments, attention, rules] = await Promise.all([
    part("metrics", () => readMetrics(env, CURVE)),
    part("switches", () => readSwitches(scope, sale)),
    part("alerts", () => readAlerts(scope, sale)),
    Promise.all(sale.skus.map(({ id }) => part("ledger", () => readLedger(scope, id)))),
    hasLine ? part("line", () => lineOf(env, saleId).operatorReport()) : undefined,
    part("payments", () => readPayments(scope)),
    part("attention", () => readAttention(config)),
    part("rules", async () => (await readRules(scope)).rules),
  ]);
  const { id, title, opensAt, closesAt } = sale;
  return {
    sale: {
      ...{ id, title, opensAt, closesAt },
      ...{ state: saleState(sale, Date.now()), listed: isListed(sale) },
    },
    switches,
    alerts,
    skus: sale.skus.map((sku, at) =>
      skuFigures(sku, reports[at] as Part<LedgerPart>, metrics.value),
    ),
    curve: {
      from: new Date(metrics.value?.from ?? Date.now()).toISOString(),
      stepSeconds: CURVE.stepSeconds,
    },
    funnel: { asOf: metrics.asOf, value: metrics.value && funnelOf(metrics.value, saleId) },
    bots: {
      asOf: metrics.asOf,
      value: metrics.value && rules.value && botsOf(metrics.value, rules.value, saleId, Date.now()),
    },
    ...(line ? { line } : {}),
    payments,
    attention,
    breakers: { asOf: metrics.asOf, value: metrics.value && breakersOf(metrics.value) },
    missingShards: metrics.value?.missing.length ?? 0,
  };
}

/** Reads one part, and says when. Null if it fails or is late. */
async function part<T>(step: string, read: () => Promise<T | null>): Promise<Part<T>> {
  const limit = scheduler.wait(LIMIT_MS).then(() => null);
  const value = await Promise.race([read(), limit]).catch((error) => {
    log("figures.part_unknown", { step, cause: causeOf(error) });
    return null;
  });
  return { asOf: new Date().toISOString(), value };
}

/** A plain copy: the answer of an RPC must not outlive the request. */
interface LedgerPart {
  units: { stocked: number; available: number; held: number; sold: number };
  backlog: { unacknowledged: number; stuck: number; holdsPaused: number };
}

async function readLedger({ env }: Scope, skuId: string): Promise<LedgerPart | null> {
  const report = await atObject(env, skuId, (object) => object.report());
  if (!report) return null;
  const { stocked, available, held, sold, unacknowledged, stuck, holdsPaused } = report;
  return {
    units: { stocked, available, held, sold },
    backlog: { unacknowledged, stuck: stuck.length, holdsPaused },
  };
}

async function readSwitches({ env }: Scope, { id, skus }: Sale): Promise<RegisteredSwitch[]> {
  using registered = await registryOf(env).switches();
  const isOwn = ({ sale, sku }: RegisteredSwitch) =>
    (sale ?? id) === id && (sku === undefined || skus.some((each) => each.id === sku));
  return registered.switches.filter(isOwn).map((each) => ({ ...each }));
}

/** Null while the watch is late: what fires now is not known. */
async function readAlerts({ env }: Scope, { id }: Sale): Promise<AlertView[] | null> {
  const { firing, lateSince } = await alertWatchOf(env).list();
  if (lateSince !== undefined && firing.length === 0) return null;
  const isOther = ({ about }: AlertView) => about.startsWith("sale/") && about !== `sale/${id}`;
  return firing.filter((alert) => !isOther(alert));
}

async function readPayments(scope: Scope): Promise<Payments | null> {
  const line = await paymentLine(scope);
  return line ? { inLine: line.length, perSecond: line.perSecond } : null;
}

function skuFigures(
  { id, name }: Sku,
  { asOf, value }: Part<LedgerPart>,
  metrics: Metrics | null,
): SkuFigures {
  const free = metrics ? gaugesOfSku(metrics, "units", id, { state: "available" }) : [];
  const curve = stockCurve(free);
  // The ledger is newer than the last sample.
  if (curve.length > 0 && value) curve[curve.length - 1] = value.units.available;
  return {
    id,
    name,
    units: { asOf, value: value?.units ?? null },
    backlog: value?.backlog ?? null,
    curve,
    secondsToSellOut: secondsToSellOut(curve.slice(-PACE_STEPS), CURVE.stepSeconds),
  };
}

// The Durable Object that watches the sales: it evaluates the rules every ten seconds while a sale is on, and tells the
// operator's webhook when an alert starts and when it ends. It sleeps while nothing is on sale and nothing is wrong.
import { DurableObject } from "cloudflare:workers";
import type { PublishedCatalog } from "../catalog/registry-types.ts";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { type Config, requireConfig } from "../config/config.ts";
import { AlarmClock } from "../inventory/alarm-clock.ts";
import { migrate } from "../migrate.ts";
import { THRESHOLDS } from "../observability/alert-thresholds.ts";
import { causeOf, log } from "../observability/log.ts";
import { setGauge } from "../observability/metrics.ts";
import { readShards } from "../observability/read-metrics.ts";
import type { MetricsEnv } from "../observability/shard-client.ts";
import { countDeadLetters } from "../orders/dead-letters.ts";
import { stoppedSince, type WebhookDeskEnv } from "../orders/webhook-desk-client.ts";
import type { AlertList, WatchState } from "./client.ts";
import { type Alert, type Decision, decideAlerts, type Measured } from "./decide-alerts.ts";
import { type AlertFigures, WINDOW, watchedSales } from "./figures.ts";
import { afterTry, inTurn, type Notice, newNotice } from "./notice.ts";
import type { Reading, Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import { alertsLate } from "./rules-plumbing.ts";
import { sendNews } from "./send.ts";
import { AlertTables, MIGRATIONS } from "./tables.ts";
import { viewOf } from "./views.ts";

/** Between two evaluations while a sale is watched, and while only an alert is left. */
const EVERY_MS = 10_000;
const LEFT_OVER_MS = 60_000;
/** The watch is late if the rules could not be evaluated for this long, though they should have been. */
const LATE_MS = 60_000;

type WatchEnv = RegistryEnv & MetricsEnv & WebhookDeskEnv;

/** The interface is documented in `client.ts`. */
export class AlertWatch extends DurableObject<WatchEnv> {
  readonly #tables: AlertTables;
  readonly #alarm: AlarmClock;
  #catalog: PublishedCatalog | undefined;
  #isWatching = false;
  #evaluatedAt: number | null = null;
  /** The first evaluation that failed since the last one that did not. */
  #failedAt: number | null = null;

  constructor(ctx: DurableObjectState, env: WatchEnv) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#tables = new AlertTables(ctx.storage.sql);
    this.#alarm = new AlarmClock(ctx.storage);
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#schedule();
    });
  }

  wake(isNeeded: boolean): void {
    if (isNeeded) this.#alarm.fireBy([Date.now()]);
    else this.#schedule();
  }

  list(): AlertList {
    const noticeOf = (id: string) => this.#tables.notice(id);
    const firing = this.#tables.alerts().filter(({ startedAt }) => startedAt !== null);
    return {
      firing: firing.map((alert) => viewOf(alert, noticeOf)),
      ended: this.#tables.ended().map((alert) => viewOf(alert, noticeOf)),
      ...this.state(),
    };
  }

  /** Evaluations that fail are late, and so are those whose alarm does not ring. */
  state(): WatchState {
    const at = this.#evaluatedAt;
    const due = this.#failedAt ?? (this.#isWatching ? at : null);
    const isLate = due !== null && Date.now() - due > LATE_MS;
    return {
      evaluatedAt: at === null ? null : new Date(at).toISOString(),
      ...(isLate ? { lateSince: new Date(due).toISOString() } : {}),
    };
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const config = requireConfig(this.env);
    // A rule that cannot be evaluated must not hold back what is owed.
    await this.#evaluate(config).catch((error) => {
      log("alerts.not_evaluated", { cause: causeOf(error) });
      this.#failed(config, Date.now());
    });
    await this.#deliver(config);
    this.#schedule();
  }

  async #evaluate(config: Config): Promise<void> {
    const figures = await this.#read(config);
    const measured = RULES.flatMap((rule) => measuredBy(rule, rule.evaluate(figures), config));
    // From here on nothing is awaited.
    this.#isWatching = figures.sales.length > 0;
    this.#evaluatedAt = figures.now;
    this.#failedAt = null;
    setGauge("alerts_evaluated_timestamp_seconds", figures.now / 1_000);
    this.#decide(config, this.#tables.alerts(), measured, figures.now);
  }

  /** The figures are not known, so only this alert can start. It ends like others, once the rules are evaluated again. */
  #failed(config: Config, now: number): void {
    this.#failedAt ??= now;
    const reading = { about: "deployment", value: Math.max(0, now - this.#failedAt) / 1_000 };
    const before = this.#tables.alerts().filter(({ rule }) => rule === alertsLate.name);
    this.#decide(config, before, measuredBy(alertsLate, [reading], config), now);
  }

  #decide(config: Config, before: Alert[], measured: Measured[], now: number): void {
    const decision = decideAlerts(before, measured, now);
    this.ctx.storage.transactionSync(() => {
      this.#tables.replaceAlerts(before, decision.alerts);
      this.#tables.addEnded(decision.ended);
      if (config.ALERT_WEBHOOK_URL) this.#note(decision, now);
    });
    for (const { rule } of decision.started) log("alerts.started", { reason: rule });
    for (const { rule } of decision.ended) log("alerts.ended", { reason: rule });
  }

  #note({ started, ended }: Decision, now: number): void {
    for (const alert of started) this.#tables.saveNotice(newNotice(alert, "started", now));
    for (const alert of ended) this.#tables.saveNotice(newNotice(alert, "ended", now));
  }

  /** @throws if figures are missing: then nothing starts or ends */
  async #read(config: Config): Promise<AlertFigures> {
    const now = Date.now();
    const [{ catalog }, metrics, deadLetters, webhookGoneAt] = await Promise.all([
      registryOf(this.env).publishedAfter(this.#catalog?.version),
      readShards(this.env, WINDOW, now),
      countDeadLetters(config),
      readGoneAt(this.env, config),
    ]);
    if (catalog) this.#catalog = structuredClone(catalog);
    if (!this.#catalog) throw new Error("the catalog is not known");
    if (metrics.missing.length > 0) throw new Error("some shards of the metrics do not answer");
    const sales = watchedSales(this.#catalog, now);
    return { now, metrics, sales, deadLetters, webhookGoneAt };
  }

  /** Sends what is due, all at once. The alarm repeats it. */
  async #deliver(config: Config): Promise<void> {
    const now = Date.now();
    const due = inTurn(this.#tables.owed()).filter(({ dueAt }) => dueAt !== null && dueAt <= now);
    await Promise.all(due.map((notice) => this.#send(config, notice)));
  }

  async #send(config: Config, notice: Notice): Promise<void> {
    const { id, kind, alert, madeAt: at } = notice;
    const fault = await sendNews(config, { id, kind, alert, at });
    const after = afterTry(notice, fault, Date.now());
    this.#tables.saveNotice(after);
    if (fault) log("alerts.not_delivered", { attempts: after.tries, cause: fault });
  }

  #schedule(): void {
    const now = Date.now();
    const times = inTurn(this.#tables.owed()).flatMap(({ dueAt }) => dueAt ?? []);
    if (this.#isWatching) times.push(now + EVERY_MS);
    else if (this.#tables.alerts().length > 0) times.push(now + LEFT_OVER_MS);
    this.#alarm.fireBy(times);
  }
}

const measuredBy = (
  { name, afterSeconds }: Rule,
  readings: Reading[],
  { ALERT_THRESHOLDS: thresholds = THRESHOLDS }: Config,
): Measured[] =>
  readings.map((reading) => ({
    ...reading,
    ...{ rule: name, threshold: thresholds[name], afterSeconds },
  }));

/** See `AlertFigures`. */
async function readGoneAt(
  env: WebhookDeskEnv,
  { ORDER_WEBHOOK_URL: url }: Config,
): Promise<number | null> {
  if (url === undefined) return 0;
  try {
    return (await stoppedSince(env, url)) ?? 0;
  } catch (error) {
    log("alerts.webhook_unknown", { cause: causeOf(error) });
    return null;
  }
}

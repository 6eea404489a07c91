// The Durable Object that paces all payments of the deployment. It holds the line of orders in memory and starts each at a
// runner when the schedule allows. A restart forgets the line; the ledgers send the orders again.
import { DurableObject } from "cloudflare:workers";
import { TimeoutStrategy, timeout } from "cockatiel";
import type { RegistryEnv } from "../catalog/store.ts";
import { SWITCHES_COUNT_MS, SwitchReader } from "../catalog/switch-reader.ts";
import type { BreakerLimits } from "../config/breaker-limits.ts";
import { requireConfig } from "../config/config.ts";
import { Breaker, type EndCall, outcomeAfter } from "../edge/breaker.ts";
import type { CallOutcome } from "../edge/decide-breaker.ts";
import type { OrderMessage } from "../inventory/messages.ts";
import type { LineView } from "../inventory/scheduler-client.ts";
import { causeOf, log } from "../observability/log.ts";
import { setGauge } from "../observability/metrics.ts";
import { type LineEntry, PaymentLine } from "../payments/payment-line.ts";
import { paymentRate } from "../payments/rate.ts";
import { RateSchedule } from "../payments/rate-schedule.ts";
import type { DeadLetterEnv } from "./delivery.ts";
import { secondsToNextTry } from "./payment-retry.ts";
import { PAYMENTS_AT_ONCE, type PaymentRunner } from "./payment-runner.ts";
import { RunnerPool } from "./runner-pool.ts";
import type { Settlement, SettleTerms } from "./settle-payment.ts";

export interface SchedulerEnv extends DeadLetterEnv, RegistryEnv {
  PAYMENT_RUNNERS: DurableObjectNamespace<PaymentRunner>;
}

/** Written out because the generated stub type splits a tagged result into a union of promises. */
const runnerOf = (env: SchedulerEnv, runner: number) =>
  env.PAYMENT_RUNNERS.getByName(`${runner}`) as unknown as {
    settle(message: OrderMessage, terms: SettleTerms): Promise<Settlement>;
  };

/** Longer than a runner ever takes. Frees the place of a call that was lost. */
const RUNNER_LIMIT_MS = 30_000;
/** While the provider is down, the line looks so often whether it may be probed. */
const PROBE_MS = 1_000;
/** An object without events is evicted after a minute or two, and each event allows it 1,000 calls of runners. */
const ALARM_MS = 15_000;
/** A long line takes a while to look through, and many isolates ask for it. */
const VIEW_MS = 1_000;

const runnerTimeout = timeout(RUNNER_LIMIT_MS, TimeoutStrategy.Aggressive);

export class PaymentScheduler extends DurableObject<SchedulerEnv> {
  readonly #line = new PaymentLine();
  readonly #runners = new RunnerPool(PAYMENTS_AT_ONCE);
  readonly #schedule: RateSchedule;
  /** One for the whole deployment, because all payments start here. */
  readonly #provider = new Breaker("payments");
  readonly #limits: BreakerLimits;
  readonly #switches: SwitchReader;
  #isAlarmSet = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isWatchingPause = false;
  #view: { at: number; view: LineView } | undefined;

  constructor(ctx: DurableObjectState, env: SchedulerEnv) {
    super(ctx, env);
    const config = requireConfig(env);
    this.#schedule = new RateSchedule(paymentRate(config));
    this.#limits = config.BREAKERS.payments;
    this.#switches = new SwitchReader(env);
  }

  /** Adds orders to the line, each once. Returns the ids of those that found it full. */
  async enter(messages: OrderMessage[]): Promise<string[]> {
    const now = Date.now();
    if (this.#line.length === 0) this.#schedule.idle(performance.now());
    const refused = messages.filter((message) => !this.#line.add(message, now));
    this.#startDue();
    this.#setGauges();
    if (!this.#isAlarmSet) await this.#setAlarm();
    return refused.map(({ orderId }) => orderId);
  }

  /** How long the line is. */
  view(): LineView {
    const now = performance.now();
    if (!this.#view || now - this.#view.at >= VIEW_MS) {
      this.#view = { at: now, view: this.#line.view(this.#schedule.rate(now)) };
    }
    return this.#view.view;
  }

  /** Keeps the object in memory while orders are in the line. */
  override async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    if (this.#line.size === 0) return;
    log("payments.line", { count: this.#line.length });
    await this.#setAlarm();
  }

  #setGauges(): void {
    setGauge("payments_waiting", this.#line.length);
    setGauge("payments_rate", this.#schedule.rate(performance.now()));
    setGauge("payments_oldest_timestamp_seconds", (this.#line.oldestEnteredAt ?? 0) / 1_000);
  }

  #setAlarm(): Promise<void> {
    this.#isAlarmSet = true;
    return this.ctx.storage.setAlarm(Date.now() + ALARM_MS);
  }

  /** Starts the orders that may start now, and sets the timer for the next one. */
  #startDue(): void {
    if (this.#timer) clearTimeout(this.#timer);
    while (this.#line.length > 0 && this.#runners.hasFree) {
      const now = performance.now();
      const delay = this.#schedule.delay(now);
      const end = delay > 0 ? undefined : this.#provider.enter(this.#limits);
      if (!end) {
        this.#timer = setTimeout(() => this.#startDue(), Math.ceil(delay || PROBE_MS));
        return;
      }
      const entry = this.#line.take() as LineEntry;
      this.#schedule.start(now);
      void this.#run(entry, end);
    }
  }

  async #run(entry: LineEntry, end: EndCall): Promise<void> {
    const runner = this.#runners.take();
    let settlement: Settlement;
    try {
      const mayCharge = await this.#mayCharge();
      settlement = await runnerTimeout.execute(() =>
        runnerOf(this.env, runner).settle(entry.message, { mayCharge }),
      );
    } catch (error) {
      const reason = `the runner failed (${causeOf(error)})`;
      log("payments.runner_failed", { orderId: entry.message.orderId, cause: causeOf(error) });
      settlement = { is: "unfinished", reason, lasting: false };
    }
    this.#runners.free(runner);
    end(callOutcome(settlement, this.#limits));
    await this.#finish(entry, settlement);
    this.#startDue();
    this.#setGauges();
  }

  async #finish(entry: LineEntry, settlement: Settlement): Promise<void> {
    const { orderId } = entry.message;
    switch (settlement.is) {
      case "done":
        return this.#line.done(entry);
      case "limited":
        this.#schedule.limited(performance.now());
        log("payments.limited", { orderId });
        return this.#line.again(entry);
      case "again":
        return this.#line.again(entry);
      case "held":
        this.#line.hold(entry);
        return this.#watchPause();
      case "unfinished":
        return this.#rest(entry, settlement);
    }
  }

  /**
   * Whether charges may be sent now. Not until the registry has answered: a restart must not end a pause, and the orders'
   * holds stand still meanwhile.
   */
  async #mayCharge(): Promise<boolean> {
    const switches = await this.#switches.read();
    return switches !== undefined && !switches.paymentsPaused;
  }

  /** Looks for the end of the pause, until the held orders go on. */
  #watchPause(): void {
    if (this.#isWatchingPause) return;
    this.#isWatchingPause = true;
    setTimeout(async () => {
      this.#isWatchingPause = false;
      if (!this.#line.hasHeld) return;
      if (await this.#mayCharge()) {
        this.#line.release();
        this.#startDue();
      } else this.#watchPause();
    }, SWITCHES_COUNT_MS);
  }

  async #rest(
    entry: LineEntry,
    settlement: Extract<Settlement, { is: "unfinished" }>,
  ): Promise<void> {
    const { message, tries } = entry;
    const seconds = await secondsToNextTry(this.env, message, tries + 1, settlement);
    if (seconds === null) return this.#line.done(entry);
    this.#line.rest(entry);
    const wake = () => {
      this.#line.wake(entry);
      this.#startDue();
    };
    setTimeout(wake, seconds * 1_000);
  }
}

/** The health of the payment provider, by a settlement. */
function callOutcome({ provider }: Settlement, limits: BreakerLimits): CallOutcome {
  if (!provider) return "untried";
  return provider.isFailed ? "failed" : outcomeAfter(provider.milliseconds, limits);
}

// The Durable Object that knows whether the shop's receiver is gone, and replays events in the background. It has an alarm
// only while a replay runs.
import { DurableObject } from "cloudflare:workers";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { AlarmClock } from "../inventory/alarm-clock.ts";
import { callInventory, type InventoryEnv } from "../inventory/client.ts";
import { ROOT } from "../inventory/order-id.ts";
import { migrate } from "../migrate.ts";
import { causeOf, log } from "../observability/log.ts";
import {
  afterFault,
  afterPage,
  EVENTS_PER_RUN,
  isSameCommand,
  nextSku,
  PAGES_PER_RUN,
  PAUSE_MS,
  type Replay,
  type ReplayCommand,
  startReplay,
} from "./replay.ts";
import type { ReplayAnswer } from "./webhook-desk-client.ts";
import { MIGRATIONS, WebhookDeskTables } from "./webhook-desk-tables.ts";

/** Replays that may wait for their turn. */
const MAX_WAITING = 20;

/** The interface is documented in `webhook-desk-client.ts`. */
export class WebhookDesk extends DurableObject<RegistryEnv & InventoryEnv> {
  readonly #tables: WebhookDeskTables;
  readonly #alarm: AlarmClock;

  constructor(ctx: DurableObjectState, env: RegistryEnv & InventoryEnv) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#tables = new WebhookDeskTables(ctx.storage.sql);
    this.#alarm = new AlarmClock(ctx.storage);
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      if (this.#current()) this.#alarm.fireBy([Date.now()]);
    });
  }

  stoppedSince(receiver: string): number | null {
    return this.#tables.goneAt(receiver);
  }

  stop(receiver: string): number {
    const known = this.#tables.goneAt(receiver);
    if (known !== null) return known;
    const now = Date.now();
    this.#tables.saveGone(receiver, now);
    return now;
  }

  resume(): void {
    this.#tables.forgetGone();
  }

  replay(command: ReplayCommand): ReplayAnswer {
    const known = this.#tables.replay(command.key);
    if (known && !isSameCommand(known, command)) {
      return { ok: false, reason: "idempotency_key_reused" };
    }
    if (known) return { ok: true, replayed: true, replay: known };
    const waiting = this.#tables.replays().filter(({ endedAt }) => endedAt === null);
    if (waiting.length >= MAX_WAITING) return { ok: false, reason: "too_many" };
    const replay = startReplay(command, Date.now());
    this.#tables.saveReplay(replay);
    this.#alarm.fireBy([Date.now()]);
    return { ok: true, replayed: false, replay };
  }

  replays(): Replay[] {
    return this.#tables.replays();
  }

  /** The oldest replay that has not ended. */
  #current(): Replay | undefined {
    return this.#tables.replays().findLast(({ endedAt }) => endedAt === null);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const replay = this.#current();
    if (!replay) return;
    const pauseMs = await this.#advance(replay).catch((error) => {
      log("webhooks.replay_failed", { cause: causeOf(error) });
      return PAUSE_MS;
    });
    if (this.#current()) this.#alarm.fireBy([Date.now() + pauseMs]);
  }

  /** Goes on with a replay, within the limits of one run. Returns the pause before the next run. */
  async #advance(started: Replay): Promise<number> {
    const skuIds: string[] = await registryOf(this.env).skuIds();
    let replay = started;
    for (let page = 0; page < PAGES_PER_RUN; page += 1) {
      const skuId = nextSku(replay, skuIds);
      if (skuId === undefined) {
        this.#tables.saveReplay({ ...replay, endedAt: Date.now() });
        log("webhooks.replayed", { count: replay.events });
        return PAUSE_MS;
      }
      const { after, filter } = replay;
      const answer = await callInventory(this.env, { skuId, lane: ROOT }, (object) =>
        object.resendEvents(after, filter),
      );
      if (!answer.ok) {
        const failed = afterFault(replay, skuId);
        this.#tables.saveReplay(failed.replay);
        return failed.pauseMs;
      }
      replay = afterPage(replay, skuId, answer.value);
      if (replay.events - started.events >= EVENTS_PER_RUN) break;
    }
    this.#tables.saveReplay(replay);
    return PAUSE_MS;
  }
}

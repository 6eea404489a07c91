// The Durable Object that merges the counts of many isolates. It keeps them in memory and writes two rows every five seconds
// while something is counted, so a restart loses at most the last five seconds.
import { DurableObject } from "cloudflare:workers";
import { migrate } from "../migrate.ts";
import { type AnalyticsEnv, writeAnalytics } from "./analytics.ts";
import { emptyFrame, type Frame, isEmpty, mergeInto } from "./frame.ts";
import { causeOf, log } from "./log.ts";
import type { Batch, Range, ShardReading } from "./shard-client.ts";
import { forgetSenders, newState, type ShardState, takeBatches } from "./shard-state.ts";
import { BUCKET_MS, MIGRATIONS, MINUTE_MS, ShardTables } from "./shard-tables.ts";

const startOf = (time: number, step: number): number => Math.floor(time / step) * step;

/** The counts of a span of time that starts at `at`. */
interface Span {
  at: number;
  frame: Frame;
}

/** The interface is documented in `shard-client.ts`. Counts belong to the time at which they arrive. */
export class MetricsShard extends DurableObject<AnalyticsEnv> {
  readonly #tables: ShardTables;
  readonly #state: ShardState;
  /** The current bucket, not stored yet. */
  #open: Span | undefined;
  #isTimerSet = false;

  constructor(ctx: DurableObjectState, env: AnalyticsEnv) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#tables = new ShardTables(ctx.storage.sql);
    this.#state = this.#tables.loadState() ?? newState();
  }

  add(sender: string, batches: Batch[]): void {
    const now = Date.now();
    const at = startOf(now, BUCKET_MS);
    if (this.#open?.at !== at) this.#store();
    const open = this.#open ?? { at, frame: emptyFrame() };
    takeBatches(this.#state, open.frame, { sender, batches, now });
    if (isEmpty(open.frame)) return; // all of them were repeated
    this.#open = open;
    this.#setTimer();
  }

  read({ from, to = Number.MAX_SAFE_INTEGER, step }: Range): ShardReading {
    const { totals, lost, minute } = this.#state;
    const first = startOf(from, step);
    const table = step < MINUTE_MS ? "recent" : "minutes";
    const spans = [
      ...this.#tables.between(table, first, to),
      ...(table === "minutes" && minute ? [minute] : []),
      ...(this.#open ? [this.#open] : []),
    ];
    const frames = new Map<number, Frame>();
    for (const { at, frame } of spans) {
      if (at < first || at >= to) continue;
      const start = startOf(at, step);
      const merged = frames.get(start) ?? emptyFrame();
      mergeInto(merged, frame);
      frames.set(start, merged);
    }
    return { frames: [...frames], totals, lost };
  }

  #setTimer(): void {
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    setTimeout(() => {
      this.#isTimerSet = false;
      try {
        this.#store();
      } catch (error) {
        log("metrics.store_failed", { cause: causeOf(error) });
      }
    }, BUCKET_MS);
  }

  /** Stores the current bucket. Everything commits together, so that a repeated batch counts once after a restart as well. */
  #store(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    this.ctx.storage.transactionSync(() => {
      this.#tables.save("recent", open);
      this.#addToMinute(open);
      forgetSenders(this.#state, open.at);
      this.#tables.saveState(this.#state);
    });
    writeAnalytics(this.env, open.frame);
  }

  #addToMinute({ at, frame }: Span): void {
    const start = startOf(at, MINUTE_MS);
    const { minute } = this.#state;
    if (minute && minute.at !== start) {
      this.#tables.save("minutes", minute);
      this.#tables.prune(at);
      this.#state.minute = null;
    }
    this.#state.minute ??= { at: start, frame: emptyFrame() };
    mergeInto(this.#state.minute.frame, frame);
  }
}

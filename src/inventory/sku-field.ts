// Publishes a value of a SKU to a hash in Redis: at most once a second unless a change is urgent, and only when it changed.
// Nothing but what is shown depends on it, so the next publication makes up for a lost one. There may be no next change, once
// everything is sold: a publication that failed is tried again.
import { requireConfig } from "../config/config.ts";
import { causeOf, log } from "../observability/log.ts";
import { setGauge } from "../observability/metrics.ts";
import { healed } from "../redis/bad-values.ts";
import { withRedis } from "../redis/client.ts";

const INTERVAL_MS = 1_000;
/** How long a failed publication is repeated. Then the reconciliation does it, every minute, so that the object can sleep. */
const RETRY_FOR_MS = 90_000;

export class SkuField<Value extends object> {
  readonly #env: object;
  readonly #hash: "live" | "attention";
  #published: string | undefined;
  #publishedAt = 0;
  /** Since when Redis lacks the latest value: milliseconds. 0 if it has it, undefined before the first publication. */
  #staleSince: number | undefined;
  #isChanged = false;
  #isRunning = false;
  /** Ends the wait before the next publication. */
  #hurry: (() => void) | undefined;

  constructor(env: object, hash: "live" | "attention") {
    this.#env = env;
    this.#hash = hash;
  }

  /** Forgets what was published, which Redis may have lost. The next change is written in any case. */
  forget(): void {
    this.#published = undefined;
  }

  /**
   * Records that the value may have changed. Publishes the first change and an urgent one at once, and combines others. Urgent
   * changes must be rare: each is one command.
   */
  changed(skuId: string, read: () => Value, isUrgent = false): void {
    this.#isChanged = true;
    if (isUrgent) {
      this.#publishedAt = 0;
      this.#hurry?.();
    }
    if (!this.#isRunning) void this.#run(skuId, read);
  }

  /** Writes one value at a time. Of two concurrent writes, the older could arrive last and stay. */
  async #run(skuId: string, read: () => Value): Promise<void> {
    this.#isRunning = true;
    while (this.#isChanged) {
      const wait = this.#publishedAt + INTERVAL_MS - Date.now();
      await new Promise<void>((done) => {
        this.#hurry = done;
        setTimeout(done, Math.max(0, Math.min(wait, INTERVAL_MS)));
      });
      this.#isChanged = false;
      const text = JSON.stringify(read());
      if (text !== this.#published) await this.#publish(skuId, text);
    }
    this.#isRunning = false;
  }

  async #publish(skuId: string, text: string): Promise<void> {
    this.#publishedAt = Date.now();
    this.#published = text;
    try {
      await withRedis(requireConfig(this.#env), "redis-background", (redis, keys) =>
        healed(redis, keys, [{ key: keys[this.#hash], type: "hash" }], () =>
          redis.hset(keys[this.#hash], { [skuId]: text }),
        ),
      );
      this.#setStale(skuId, 0);
    } catch (error) {
      this.#published = undefined;
      this.#setStale(skuId, this.#staleSince || this.#publishedAt);
      this.#isChanged ||= this.#publishedAt < (this.#staleSince ?? 0) + RETRY_FOR_MS;
      log(`${this.#hash}.publish_failed`, { skuId, cause: causeOf(error) });
    }
  }

  #setStale(skuId: string, since: number): void {
    if (since === this.#staleSince) return;
    this.#staleSince = since;
    setGauge("copy_stale_timestamp_seconds", since / 1_000, this.#hash, skuId);
  }
}

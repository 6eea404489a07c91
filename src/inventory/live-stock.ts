// Publishes the number of free units to Redis: at most once a second, and only when it changed. Only pages and
// refusals depend on it, so the next publication makes up for a lost one.
import { requireConfig } from "../config.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";
import type { BuyerSummary } from "./buyers.ts";

const INTERVAL_MS = 1_000;

/** What the edge knows about a SKU's stock. Redis stores it as JSON. */
export interface PublicStock {
  available: number;
  /** Units that are reserved and not sold yet. */
  held: number;
  /** Only when sold out: the people who may have an order. */
  buyers?: BuyerSummary;
}

export class LiveStock {
  readonly #env: object;
  #published: string | undefined;
  #publishedAt = 0;
  #isChanged = false;
  #isRunning = false;

  constructor(env: object) {
    this.#env = env;
  }

  /** Forgets what was published, which Redis may have lost. The next change is written in any case. */
  forget(): void {
    this.#published = undefined;
  }

  /** Records that the stock may have changed. Publishes the first change at once, and combines later ones. */
  changed(skuId: string, read: () => PublicStock): void {
    this.#isChanged = true;
    if (!this.#isRunning) void this.#run(skuId, read);
  }

  /** Writes one value at a time. Of two concurrent writes, the older could arrive last and stay. */
  async #run(skuId: string, read: () => PublicStock): Promise<void> {
    this.#isRunning = true;
    while (this.#isChanged) {
      const wait = this.#publishedAt + INTERVAL_MS - Date.now();
      await new Promise((done) => setTimeout(done, Math.max(0, Math.min(wait, INTERVAL_MS))));
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
      await withRedis(requireConfig(this.#env), BACKGROUND_LIMIT_MS, (redis, keys) =>
        healed(redis, keys, [{ key: keys.live, type: "hash" }], () =>
          redis.hset(keys.live, { [skuId]: text }),
        ),
      );
    } catch (error) {
      this.#published = undefined;
      log("live.publish_failed", { skuId, cause: causeOf(error) });
    }
  }
}

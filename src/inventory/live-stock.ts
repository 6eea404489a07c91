// Tells the world how many units are free: at most once a second, and only when the number changed.
// Nothing but refusals and what pages show depends on it, so a lost publication is mended by the next.
import { requireConfig } from "../config.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";
import type { BuyerSummary } from "./buyers.ts";

const INTERVAL_MS = 1_000;

/** What edges know of a SKU's stock; Redis holds it as JSON. */
export interface PublicStock {
  available: number;
  /** In somebody's hands, not sold: reserved and not settled. */
  held: number;
  /** Only when sold out: who may have an order nevertheless. */
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

  /** What was published may be lost: the next change is written whatever it says. */
  forget(): void {
    this.#published = undefined;
  }

  /** The stock may have changed. The first change goes out at once, later ones are gathered. */
  changed(skuId: string, read: () => PublicStock): void {
    this.#isChanged = true;
    if (!this.#isRunning) void this.#run(skuId, read);
  }

  /** One write at a time: of two on their way at once, the older could arrive last, and stay. */
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

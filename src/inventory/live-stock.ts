// Tells the world how many units are free: at most once a second, and only when the number changed.
// Nothing depends on it but what pages show, so a lost publication is mended by the next one.
import { requireConfig } from "../config.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";
import { LIVE_KEY } from "../redis/keys.ts";

const INTERVAL_MS = 1_000;

export class LiveStock {
  readonly #env: object;
  #published: number | undefined;
  #latest = 0;
  #publishedAt = 0;
  #waiting = false;

  constructor(env: object) {
    this.#env = env;
  }

  /** Takes note of the free units of a SKU. The first change goes out at once, later ones are gathered. */
  note(skuId: string, available: number): void {
    this.#latest = available;
    if (this.#waiting || available === this.#published) return;
    this.#waiting = true;
    const wait = Math.max(0, this.#publishedAt + INTERVAL_MS - Date.now());
    setTimeout(() => void this.#publish(skuId), Math.min(wait, INTERVAL_MS));
  }

  async #publish(skuId: string): Promise<void> {
    this.#waiting = false;
    this.#publishedAt = Date.now();
    const available = this.#latest;
    this.#published = available;
    try {
      await withRedis(requireConfig(this.#env), BACKGROUND_LIMIT_MS, (redis) =>
        redis.hset(LIVE_KEY, { [skuId]: available }),
      );
    } catch (error) {
      this.#published = undefined;
      log("live.publish_failed", { skuId, cause: causeOf(error) });
    }
  }
}

// Tells the world how many units are free: at most once a second, and only when the number changed.
// Nothing but refusals and what pages show depends on it, so a lost publication is mended by the next.
import { requireConfig } from "../config.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";
import { LIVE_KEY } from "../redis/keys.ts";
import { encodeBuyers, MAX_PUBLISHED_BUYERS } from "./buyers.ts";

const INTERVAL_MS = 1_000;

/** What Redis holds of a SKU, as JSON. */
export interface PublishedStock {
  available: number;
  /** Only when sold out: who may have an order nevertheless (see `buyers.ts`). */
  buyers?: string;
}

/** Where the numbers come from at the moment of publication. */
interface Source {
  skuId: string;
  available: number;
  buyers: Set<number>;
}

export class LiveStock {
  readonly #env: object;
  #published: string | undefined;
  #publishedAt = 0;
  #waiting = false;

  constructor(env: object) {
    this.#env = env;
  }

  /** The stock may have changed. The first change goes out at once, later ones are gathered. */
  changed(read: () => Source): void {
    if (this.#waiting) return;
    this.#waiting = true;
    const wait = this.#publishedAt + INTERVAL_MS - Date.now();
    setTimeout(() => void this.#publish(read()), Math.max(0, Math.min(wait, INTERVAL_MS)));
  }

  async #publish({ skuId, available, buyers }: Source): Promise<void> {
    this.#waiting = false;
    const tell = available === 0 && buyers.size <= MAX_PUBLISHED_BUYERS;
    const stock: PublishedStock = { available, ...(tell ? { buyers: encodeBuyers(buyers) } : {}) };
    const text = JSON.stringify(stock);
    if (text === this.#published) return;
    this.#publishedAt = Date.now();
    this.#published = text;
    try {
      await withRedis(requireConfig(this.#env), BACKGROUND_LIMIT_MS, (redis) =>
        redis.hset(LIVE_KEY, { [skuId]: text }),
      );
    } catch (error) {
      this.#published = undefined;
      log("live.publish_failed", { skuId, cause: causeOf(error) });
    }
  }
}

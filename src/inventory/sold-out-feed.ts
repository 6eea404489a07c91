// Publishes the buyers of a sold-out SKU. A few are listed with the stock. More are in a filter under its own
// key, which edges fetch once. It is written again only after many new buyers, and less often the larger it is.
import { requireConfig } from "../config/config.ts";
import { causeOf, log } from "../observability/log.ts";
import { withRedis } from "../redis/client.ts";
import { BuyerFilter, type BuyerSummary, type Buyers, MAX_PUBLISHED } from "./buyers.ts";

/** Limits how often a filter is written, in bytes per millisecond: a megabyte every 16 seconds. */
const BYTES_PER_MS = 64;
const RETRY_MS = 5_000;
const MAX_PAUSE_MS = 60_000;
/** After this time the filter ends. It is written again when an edge misses it. */
const TTL_SECONDS = 2 * 86_400;

export class SoldOutFeed {
  readonly #env: object;
  readonly #buyers: Buyers;
  /** Number of buyers in the last filter. The first few need no filter. */
  #base = 0;
  #isWritten = true;
  #pauseUntil = 0;
  #isRenewing = false;

  constructor(env: object, buyers: Buyers) {
    this.#env = env;
    this.#buyers = buyers;
  }

  /**
   * The summary to publish now. Undefined if too many buyers came since the last filter: a new filter is then
   * being written, and `onChange` is called when it is stored.
   */
  summary(skuId: string, onChange: () => void): BuyerSummary | undefined {
    if (this.#buyers.size > MAX_PUBLISHED) return undefined;
    const summary = this.#buyers.summarySince(this.#base);
    if (!(summary && this.#isWritten)) void this.#renew(skuId, onChange);
    return summary;
  }

  /** The text of the filter, for an edge that does not find it in Redis. Writes it there again. */
  async filter(skuId: string): Promise<string> {
    this.#isWritten = false;
    void this.#renew(skuId, () => {}, { isMissed: true });
    return String(await this.#buyers.filter());
  }

  async #renew(skuId: string, onChange: () => void, { isMissed = false } = {}): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const pause = Math.min(this.#pauseUntil - Date.now(), MAX_PAUSE_MS);
    if (pause > 0) await scheduler.wait(pause);
    // Valid even if Redis fails: edges that do not find the filter there request it from the object.
    let base = this.#buyers.size;
    try {
      const isStored = !isMissed && (await this.#isStored(skuId, base));
      if (!isStored) base = await this.#store(skuId);
      this.#isWritten = true;
    } catch (error) {
      log("buyers.publish_failed", { skuId, cause: causeOf(error) });
      this.#isWritten = false;
      this.#pauseUntil = Date.now() + RETRY_MS;
    }
    this.#isRenewing = false;
    if (base === this.#base) return;
    this.#base = base;
    onChange();
  }

  /** Whether Redis has a filter of `count` buyers, so that an object that just woke need not write it. */
  #isStored(skuId: string, count: number): Promise<boolean> {
    const heading = BuyerFilter.heading(count);
    return withRedis(requireConfig(this.#env), "redis-background", async (redis, keys) => {
      const key = keys.buyersOf(skuId);
      const [text] = await Promise.all([
        redis.getrange(key, 0, heading.length - 1),
        redis.expire(key, TTL_SECONDS),
      ]);
      return text === heading;
    });
  }

  /** @returns the number of buyers in the filter that Redis now stores */
  async #store(skuId: string): Promise<number> {
    const filter = await this.#buyers.filter();
    this.#pauseUntil = Date.now() + filter.bytes / BYTES_PER_MS;
    await withRedis(requireConfig(this.#env), "redis-background", (redis, keys) =>
      redis.set(keys.buyersOf(skuId), String(filter), { ex: TTL_SECONDS }),
    );
    return filter.count;
  }
}

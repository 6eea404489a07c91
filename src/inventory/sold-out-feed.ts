// Publishes who the buyers of a sold-out SKU are. A few are told with the stock itself. More are in a filter
// under a key of its own, which edges fetch once: it is written anew only when too many came since, and the
// larger it is, the less often.
import { requireConfig } from "../config.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";
import { BuyerFilter, type BuyerSummary, type Buyers, MAX_PUBLISHED } from "./buyers.ts";

/** Bounds what colos fetch of one SKU's filters, in bytes a millisecond: a megabyte every 16 seconds. */
const BYTES_PER_MS = 64;
const RETRY_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
/** A filter that is gone is written again when an edge misses it. */
const LIFE_SECONDS = 2 * 86_400;

export class SoldOutFeed {
  readonly #env: object;
  readonly #buyers: Buyers;
  /** How many buyers the last filter has; the first few need none. */
  #base = 0;
  #isWritten = true;
  #pauseUntil = 0;
  #isRenewing = false;

  constructor(env: object, buyers: Buyers) {
    this.#env = env;
    this.#buyers = buyers;
  }

  /**
   * What edges may be told now. Undefined while too many buyers came since the last filter: a new one is
   * on its way then, and `onNews` is called when it is there.
   */
  summary(skuId: string, onNews: () => void): BuyerSummary | undefined {
    if (this.#buyers.size > MAX_PUBLISHED) return undefined;
    const told = this.#buyers.summarySince(this.#base);
    if (!(told && this.#isWritten)) void this.#renew(skuId, onNews);
    return told;
  }

  /** The filter's text, for an edge that cannot find it in Redis. It is written there again. */
  async filter(skuId: string): Promise<string> {
    this.#isWritten = false;
    void this.#renew(skuId, () => {}, { isMissed: true });
    return String(await this.#buyers.filter());
  }

  async #renew(skuId: string, onNews: () => void, { isMissed = false } = {}): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const pause = Math.min(this.#pauseUntil - Date.now(), LONGEST_PAUSE_MS);
    if (pause > 0) await scheduler.wait(pause);
    // Holds as well where Redis fails: edges that do not find the filter there ask for it here.
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
    onNews();
  }

  /** Whether Redis has a filter of so many buyers: an object that woke need not write it again. */
  #isStored(skuId: string, count: number): Promise<boolean> {
    const heading = BuyerFilter.heading(count);
    return withRedis(requireConfig(this.#env), BACKGROUND_LIMIT_MS, async (redis, keys) => {
      const key = keys.buyersOf(skuId);
      const [text] = await Promise.all([
        redis.getrange(key, 0, heading.length - 1),
        redis.expire(key, LIFE_SECONDS),
      ]);
      return text === heading;
    });
  }

  /** @returns how many buyers the filter has that Redis now holds */
  async #store(skuId: string): Promise<number> {
    const filter = await this.#buyers.filter();
    this.#pauseUntil = Date.now() + filter.bytes / BYTES_PER_MS;
    await withRedis(requireConfig(this.#env), BACKGROUND_LIMIT_MS, (redis, keys) =>
      redis.set(keys.buyersOf(skuId), String(filter), { ex: LIFE_SECONDS }),
    );
    return filter.count;
  }
}

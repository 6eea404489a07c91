// What an object publishes of its SKU to Redis: the stock, its buyers once it is sold out, and what needs the operator.
import { type Attention, attentionOf, isQuiet } from "./attention.ts";
import type { BuyerSummary } from "./buyers.ts";
import { available } from "./decide-order.ts";
import { sampleLedger } from "./gauges.ts";
import { nameOf, partOfFree } from "./lanes/escrow.ts";
import type { Ledger } from "./ledger.ts";
import { isSoldForGood, type PublicStock } from "./live-stock.ts";
import { SkuField } from "./sku-field.ts";
import { SoldOutFeed } from "./sold-out-feed.ts";

export class Publications {
  readonly #ledger: Ledger;
  readonly #live: SkuField<PublicStock>;
  readonly #attention: SkuField<Attention>;
  readonly #feed: SoldOutFeed;
  /** At the root of a SKU with lanes: whether no other lane has a free unit. Undefined elsewhere. */
  isDry: () => boolean | undefined = () => undefined;
  #isSoldForGood = false;

  constructor(env: object, ledger: Ledger) {
    this.#ledger = ledger;
    this.#live = new SkuField(env, "live");
    this.#attention = new SkuField(env, "attention");
    this.#feed = new SoldOutFeed(env, ledger.buyers);
  }

  stockChanged(): void {
    const { setup, stock } = this.#ledger;
    if (!setup) return;
    const wasSoldForGood = this.#isSoldForGood;
    this.#isSoldForGood = isSoldForGood(setup, stock, this.isDry());
    const read = () => {
      sampleLedger(this.#ledger); // about once a second as well
      return this.stock();
    };
    // People who wait in line learn the end from it.
    this.#live.changed(nameOf(setup), read, this.#isSoldForGood && !wasSoldForGood);
  }

  /** Publishes what needs the operator. */
  attentionChanged(): void {
    const { setup } = this.#ledger;
    if (!setup) return;
    this.#attention.changed(nameOf(setup), () => attentionOf(this.#ledger, Date.now()));
  }

  /** Publishes the stock, and what needs the operator, even if they have not changed: Redis may have lost them. */
  all(): void {
    this.#live.forget();
    this.stockChanged();
    if (isQuiet(attentionOf(this.#ledger, Date.now()))) return;
    this.#attention.forget();
    this.attentionChanged();
  }

  /** The stock as the edge may know it. `withBuyers`: includes the buyers even while units are free. */
  stock(withBuyers = false): PublicStock {
    const { setup, stock } = this.#ledger;
    const free = available(stock);
    const part = setup ? partOfFree(setup, stock.held + stock.sold) : undefined;
    const buyers = withBuyers || free === 0 ? this.#buyerSummary() : undefined;
    const isDry = this.isDry();
    return {
      available: free,
      held: stock.held,
      ...(part === undefined ? {} : { part }),
      ...(isDry === undefined ? {} : { isDry }),
      ...(buyers === undefined ? {} : { buyers }),
    };
  }

  /** The filter of the buyers, for an edge that cannot find it in Redis. */
  async buyerFilter(): Promise<string> {
    const { setup } = this.#ledger;
    return setup ? this.#feed.filter(nameOf(setup)) : "";
  }

  #buyerSummary(): BuyerSummary | undefined {
    const { setup } = this.#ledger;
    return setup ? this.#feed.summary(nameOf(setup), () => this.stockChanged()) : undefined;
  }
}

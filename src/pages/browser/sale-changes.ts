// Applies edits of a sale to its open page: prices come with the live answer, names are fetched again.
import type { Sale } from "../../catalog/schema.ts";
import type { Money } from "../../values/money.ts";
import { call } from "./api.ts";
import { part, setText } from "./dom.ts";
import type { Live } from "./live-stock.ts";
import type { SkuCard } from "./sku-card.ts";

/** How often a new version is fetched: the first response may come from a stale cache. */
const READS = 2;

export class SaleChanges {
  readonly #root: HTMLElement;
  readonly #path: string;
  readonly #cards: readonly SkuCard[];
  /** The newest revision of the sale seen in a live answer. */
  #revision: number;
  #reads = 0;
  /** Prices taken from refusals: SKU ID → the sale's revision at that time. */
  readonly #refusalPrices = new Map<string, number>();

  constructor(root: HTMLElement, path: string, cards: readonly SkuCard[]) {
    this.#root = root;
    this.#path = path;
    this.#cards = cards;
    this.#revision = Number(root.dataset.revision);
  }

  onLive({ revision, skus = [] }: Partial<Live>): void {
    if (revision) this.#compare(revision);
    for (const { id, unitPrice } of skus) {
      // A price from a refusal is newer than this revision and holds until the sale changes again.
      if (this.#revision > (this.#refusalPrices.get(id) ?? -1))
        this.#card(id)?.update({ unitPrice });
    }
  }

  /** Applies a price from a refusal. */
  setPrice(skuId: string, unitPrice: Money): void {
    this.#refusalPrices.set(skuId, this.#revision);
    this.#card(skuId)?.update({ unitPrice });
  }

  #card = (id: string): SkuCard | undefined => this.#cards.find(({ skuId }) => skuId === id);

  #compare(revision: number): void {
    if (revision !== this.#revision) this.#reads = READS;
    this.#revision = revision;
    const isNew = revision > Number(this.#root.dataset.revision);
    part(document, "changed")?.toggleAttribute("hidden", !isNew);
    if (!isNew || this.#reads === 0) return;
    this.#reads -= 1;
    void this.#read();
  }

  /** Fetches the sale and updates its title and item names. */
  async #read(): Promise<void> {
    const { ok, body } = await call<Pick<Sale, "title" | "skus">>("GET", this.#path);
    if (!ok) return;
    setText(this.#root.querySelector("h1"), body.title);
    for (const { id, name } of body.skus) this.#card(id)?.update({ name });
  }
}

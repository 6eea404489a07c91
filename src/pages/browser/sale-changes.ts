// A sale that its shop changes while the page is open: prices come with the live answer, names are read again.
import type { Sale } from "../../catalog/schema.ts";
import type { Money } from "../../money.ts";
import { call } from "./api.ts";
import { part, setText } from "./dom.ts";
import type { Live } from "./live-stock.ts";
import type { SkuCard } from "./sku-card.ts";

/** How often a new version is read: the first time, a cache may still tell the old one. */
const READS = 2;

export class SaleChanges {
  readonly #root: HTMLElement;
  readonly #path: string;
  readonly #cards: readonly SkuCard[];
  /** The newest version of the sale that was heard of. */
  #revision: number;
  #reads = 0;
  /** Items that told their price themselves, with the version of the sale at that time. */
  readonly #firm = new Map<string, number>();

  constructor(root: HTMLElement, path: string, cards: readonly SkuCard[]) {
    this.#root = root;
    this.#path = path;
    this.#cards = cards;
    this.#revision = Number(root.dataset.revision);
  }

  hear({ revision, skus = [] }: Partial<Live>): void {
    if (revision) this.#compare(revision);
    for (const { id, unitPrice } of skus) {
      // An item's own word on its price holds until the sale changes once more.
      if (this.#revision > (this.#firm.get(id) ?? -1)) this.#card(id)?.update({ unitPrice });
    }
  }

  /** A refusal told what an item costs. */
  learn(skuId: string, unitPrice: Money): void {
    this.#firm.set(skuId, this.#revision);
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

  /** Takes the names of today's sale. */
  async #read(): Promise<void> {
    const { ok, body } = await call<Pick<Sale, "title" | "skus">>("GET", this.#path);
    if (!ok) return;
    setText(this.#root.querySelector("h1"), body.title);
    for (const { id, name } of body.skus) this.#card(id)?.update({ name });
  }
}

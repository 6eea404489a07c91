// What the registry publishes for the edges: the catalog, with a filter of all names that ever existed.
import { type LanedSku, namesOf } from "../inventory/order-id.ts";

import { filterOfNames, nameHash } from "./name-filter.ts";
import type { Published, PublishedCatalog } from "./registry-types.ts";
import type { SaleTables } from "./sale-tables.ts";
import type { Sale } from "./schema.ts";
import type { Switch } from "./switches.ts";

export class RegistryPublication {
  readonly #tables: SaleTables;
  readonly #switches: () => Switch[];
  /** Hashes of the ids of all sales, and of the names of the objects of all SKUs. */
  readonly #names = new Set<number>();
  #built: PublishedCatalog | undefined;

  /** @param switches those in force */
  constructor(tables: SaleTables, switches: () => Switch[]) {
    this.#tables = tables;
    this.#switches = switches;
    for (const id of tables.saleIds()) this.#names.add(nameHash("sale", id));
    for (const sku of tables.skus()) this.#addNames(sku);
  }

  /** Whether no sale ever existed. */
  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /** The catalog. Built once per version. */
  read(): { version: number; catalog: PublishedCatalog } {
    const version = this.#tables.counter("published");
    if (this.#built?.version !== version) {
      this.#built = {
        version,
        olderVersion: this.#tables.counter("older"),
        older: this.#tables.olderCount,
        sales: this.#tables.active(),
        names: String(filterOfNames(this.#names)),
        switches: this.#switches(),
      };
    }
    return { version, catalog: this.#built };
  }

  /** The same, without the catalog if the edge already holds this version. */
  after(held: number | undefined): Published {
    const version = this.#tables.counter("published");
    return version === held ? { version } : this.read();
  }

  /** Makes this the version. `older`: the change concerns an archived sale. */
  changed(version: number, { older }: { older: boolean }): void {
    this.#tables.setCounter("published", version);
    if (older) this.#tables.setCounter("older", version);
  }

  /** Adds the names of a sale, which stay when it is deleted. */
  name(id: string, sale: Sale | null): void {
    this.#names.add(nameHash("sale", id));
    for (const sku of sale?.skus ?? []) this.#addNames(sku);
  }

  /** The names of all objects of a SKU: what an order's id names beyond them never existed. */
  #addNames(sku: LanedSku): void {
    for (const name of namesOf([sku])) this.#names.add(nameHash("sku", name));
  }
}

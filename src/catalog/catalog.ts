// The catalog as an edge uses it: an immutable view of the published document, with indexes. Pure.
import { BuyerFilter } from "../inventory/buyers.ts";
import { nameHash } from "./name-filter.ts";
import type { PublishedCatalog, RegisteredSale } from "./registry-types.ts";
import { briskSpans, type Span } from "./rhythm.ts";
import type { CatalogEntry, Sku } from "./schema.ts";
import { livingEntries } from "./store.ts";
import {
  type EffectiveSwitches,
  effectiveSwitches,
  type Switch,
  type SwitchTarget,
} from "./switches.ts";

/** An immutable view of the published sales. Its look-ups do no I/O. */
export interface Catalog {
  /** Increases with every change of any sale. */
  version: number;
  /** In no particular order. */
  entries: readonly CatalogEntry[];
  /** The number of archived sales, and the version of their last change. */
  older: { count: number; version: number };
  sale(id: string): CatalogEntry | undefined;
  sku(id: string): { entry: CatalogEntry; sku: Sku } | undefined;
  /** False only if the sale never existed. True for deleted sales. */
  hasEverHadSale(id: string): boolean;
  /** False only if the SKU never existed. True for SKUs that left their sale or whose sale was deleted. */
  hasEverHad(skuId: string): boolean;
  /** False only if certainly no order for the SKU was ever accepted. */
  hasEverSold(skuId: string): boolean;
  /** False only if certainly no order for the SKU was accepted before this revision of its sale applied. */
  hasSoldBefore(skuId: string, revision: number): boolean;
  /** The operator's switches, including those that have ended since they were published. */
  switches: readonly Switch[];
  /** The switches that apply to a sale and a SKU at `now`, in milliseconds. */
  switchesFor(target: SwitchTarget, now: number): EffectiveSwitches;
  /** When edges ask every second what has changed. */
  brisk: readonly Span[];
}

export function buildCatalog(published: PublishedCatalog): Catalog {
  const { version, older, olderVersion, sales, names, switches } = published;
  const entries = livingEntries(sales);
  const byId = new Map(entries.map((entry) => [entry.sale.id, entry]));
  const skus = new Map(
    entries.flatMap((entry) => entry.sale.skus.map((sku) => [sku.id, { entry, sku }] as const)),
  );
  const unsold = new Map(sales.flatMap(unsoldSkus));
  // An unreadable filter excludes no id.
  const filter = BuyerFilter.parse(names);
  const mayBe = (kind: "sale" | "sku", id: string) => filter?.mayHave(nameHash(kind, id)) ?? true;
  return {
    version,
    entries,
    older: { count: older, version: olderVersion },
    sale: (id) => byId.get(id),
    sku: (id) => skus.get(id),
    hasEverHadSale: (id) => byId.has(id) || mayBe("sale", id),
    hasEverHad: (id) => skus.has(id) || mayBe("sku", id),
    hasEverSold: (id) => Date.now() >= (unsold.get(id)?.until ?? 0),
    hasSoldBefore: (id, revision) => unsold.get(id)?.revision !== revision,
    switches,
    switchesFor: (target, now) => effectiveSwitches(switches, now, target),
    brisk: briskSpans(entries.map(({ sale }) => sale)),
  };
}

/** The revision at which a SKU had never sold, and when its sale opens (milliseconds): before that, it cannot sell. */
interface Unsold {
  revision: number;
  until: number;
}

const unsoldSkus = ({ sale, revision, unsold }: RegisteredSale): [skuId: string, Unsold][] =>
  sale ? unsold.map((id) => [id, { revision, until: Date.parse(sale.opensAt) }]) : [];
